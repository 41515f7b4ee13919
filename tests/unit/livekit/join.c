// join.c — tests of join requests: LiveKit's order of checks and bodies, both versions, hostile ones
#include "tests/unit/test.h"

#include "base/base64.h"
#include "base/limits.h"
#include "livekit/join.h"
#include "livekit/message.h"
#include "signal.pb-c.h"
#include <zlib.h>

#define NOW_US (INT64_C(1800000000) * 1000000)

static const struct oh_key key = {.id = "APIone", .secret = "first secret of thirty-two bytes!"};
static const struct oh_keys keys = {.items = &key, .count = 1};
static char refusal[256];

// A token whose claims the test shapes first.
static void grant(struct oh_claims *c) {
  oh_claims_init(c);
  free(c->identity);
  c->identity = oh_str_dup(OH_STR("ann"));
  free(c->video.room);
  c->video.room = oh_str_dup(OH_STR("lobby"));
  c->has_video = c->video.room_join = true;
  c->expires_unix_s = 1800000600;
}
static char *sign(struct oh_claims *c) {
  char *jwt = oh_token_write(c, &key);
  assert_non_null(jwt);
  oh_claims_fini(c);
  return jwt;
}
static char *good_token(bool may_update) {
  struct oh_claims c;
  grant(&c);
  c.video.can_update_own_metadata = may_update;
  return sign(&c);
}

// Asks with `token` in the query (NULL: none), followed by `rest`.
static int ask(const char *path, const char *token, const char *rest, struct oh_join *join) {
  struct oh_text query;
  oh_text_init(&query, 1 << 20);
  if (token) oh_text_addf(&query, "access_token=%s&", token);
  oh_text_adds(&query, rest);
  struct oh_join_query q = {.path = oh_str(path), .query = oh_text_str(&query), .upgrade = true};
  if (strstr(path, "validate")) q.upgrade = false;
  memset(refusal, '?', sizeof refusal);
  int status = oh_join_read(&q, &keys, NOW_US, join, refusal);
  oh_text_fini(&query);
  return status;
}
static void refused(const char *path, const char *token, const char *rest, int status, const char *body) {
  struct oh_join join;
  assert_int_equal(ask(path, token, rest, &join), status);
  assert_string_equal(refusal, body);
}

static void version_0(void **state) {
  (void)state;
  char *token = good_token(false);
  struct oh_join j;
  assert_int_equal(
      ask("/rtc", token,
          "&&auto_subscribe=0&sdk=js&version=2.23.0&protocol=17&client_protocol=2&browser=Chrome%20X"
          "&os=a+b&device_model=%C3%A9&capabilities=CAP_PACKET_TRAILER,NOPE,"
          "CAP_COMPRESSION_DEFLATE_RAW&reconnect=1&reconnect_reason=3&sid=PA_1&=x&protocol=3&%zz=1",
          &j),
      0);
  assert_string_equal(j.claims.identity, "ann");
  assert_string_equal(j.claims.video.room, "lobby");
  assert_false(j.auto_subscribe || j.validate || j.single_peer_connection);
  assert_string_equal(j.sdk, "js");
  assert_string_equal(j.version, "2.23.0");
  assert_string_equal(j.browser, "Chrome X");
  assert_string_equal(j.os, "a b");
  assert_string_equal(j.device_model, "\xC3\xA9");
  assert_int_equal(j.protocol, 17);
  assert_int_equal(j.client_protocol, 2);
  assert_int_equal(j.capabilities, 1u << 1 | 1u << 2);
  assert_true(j.reconnect);
  assert_int_equal(j.reconnect_reason, 3);
  assert_string_equal(j.participant_sid, "PA_1");
  assert_null(j.request);
  oh_join_fini(&j);

  assert_int_equal(ask("/rtc/validate", token, "protocol=-1&sdk=%FF&os=%4&sid=PA_2&reconnect=yes", &j), 0);
  assert_true(j.validate && j.auto_subscribe && !j.reconnect);
  assert_int_equal(j.protocol, 0);
  assert_string_equal(j.sdk, "");
  assert_string_equal(j.os, "");
  assert_string_equal(j.participant_sid, "");
  oh_join_fini(&j);

  struct oh_text header;
  oh_text_init(&header, 8192);
  oh_text_addf(&header, "Bearer %s", token);
  struct oh_join_query q = {.path = OH_STR("/rtc"), .authorization = oh_text_str(&header), .upgrade = true};
  assert_int_equal(oh_join_read(&q, &keys, NOW_US, &j, refusal), 0);
  oh_join_fini(&j);
  oh_text_fini(&header);
  free(token);
}

static void livekits_refusals_in_order(void **state) {
  (void)state;
  char *token = good_token(false);
  struct oh_join j;
  // 1.2 comes before everything
  struct oh_join_query q = {.path = OH_STR("/rtc"), .authorization = OH_STR("bearer x"), .upgrade = false};
  assert_int_equal(oh_join_read(&q, &keys, NOW_US, &j, refusal), 401);
  assert_string_equal(refusal, "invalid authorization header. Must start with Bearer ");
  refused("/rtc", "a.b", "", 401, "invalid authorization token");
  refused("/rtc", "a.b.c", "", 401, "invalid authorization token");
  struct oh_claims c;
  grant(&c);
  struct oh_key stranger = {.id = "APIother", .secret = "first secret of thirty-two bytes!"};
  char *other = oh_token_write(&c, &stranger);
  refused("/rtc", other, "", 401, "invalid API key");
  free(other);
  c.expires_unix_s = 1700000000;
  other = sign(&c);
  refused("/rtc", other, "", 401, "invalid authorization token: token is expired (exp)");
  free(other);
  // 1
  q = (struct oh_join_query){.path = OH_STR("/rtc")};
  assert_int_equal(oh_join_read(&q, &keys, NOW_US, &j, refusal), 404);
  assert_string_equal(refusal, "");
  // 2
  refused("/rtc", NULL, "", 401, "no permissions to access the room");
  refused("/rtc/v1/validate", NULL, "", 401, "no permissions to access the room");
  grant(&c);
  c.has_video = false;
  other = sign(&c);
  refused("/rtc/v1", other, "", 401, "no permissions to access the room");
  free(other);
  // 3, 4
  refused("/rtc/v1", token, "", 400, "join_request is required");
  refused("/rtc/v1/validate", token, "join_request=", 400, "join_request is required");
  refused("/rtc/validate", token, "attributes=%21", 400, "cannot decode attributes");
  assert_int_equal(ask("/rtc", token, "attributes=%21", &j), 0); // ignored when really joining
  oh_join_fini(&j);
  // 5
  refused("/rtc/v1", token, "join_request=%21%21", 400, "cannot base64 decode wrapped join request");
  refused("/rtc/v1", token, "join_request=____", 400, "cannot unmarshal wrapped join request");
  // 7 … 10
  grant(&c);
  c.video.room_join = false;
  other = sign(&c);
  refused("/rtc", other, "", 401, "permissions denied");
  refused("/rtc/v1", other, "join_request=____", 400, "cannot unmarshal wrapped join request"); // 5 before 7
  free(other);
  grant(&c);
  c.identity[0] = 0;
  other = sign(&c);
  refused("/rtc", other, "", 400, "identity cannot be empty");
  free(other);
  grant(&c);
  c.video.room[0] = 0;
  other = sign(&c);
  refused("/rtc", other, "room=lobby", 400, "no room name"); // the query's room means nothing
  free(other);
  grant(&c);
  c.video.can_publish = false;
  other = sign(&c);
  refused("/rtc", other, "publish=1", 401, "no permissions to access the room");
  free(other);
  free(token);
}

static char *long_name(size_t len) {
  char *name = malloc(len + 1);
  memset(name, 'n', len);
  name[len] = 0;
  return name;
}

static void lengths(void **state) {
  (void)state;
  struct oh_join j;
  for (size_t extra = 0; extra < 2; extra++) {
    struct oh_claims c;
    grant(&c);
    free(c.identity);
    c.identity = long_name(OH_IDENTITY_MAX + extra);
    char *token = sign(&c);
    assert_int_equal(ask("/rtc", token, "", &j), extra ? 400 : 0);
    if (extra)
      assert_string_equal(refusal, "participant identity length exceeds limits: max length 256");
    else
      oh_join_fini(&j);
    free(token);
    grant(&c);
    free(c.video.room);
    c.video.room = long_name(OH_ROOM_NAME_MAX + extra);
    token = sign(&c);
    assert_int_equal(ask("/rtc", token, "", &j), extra ? 400 : 0);
    if (extra)
      assert_string_equal(refusal, "room name length exceeds limits: max length 256");
    else
      oh_join_fini(&j);
    free(token);
  }
}

static void legacy_publish(void **state) {
  (void)state;
  char *token = good_token(false);
  struct oh_join j;
  assert_int_equal(ask("/rtc", token, "publish=cam", &j), 0);
  assert_string_equal(j.claims.identity, "ann#cam");
  assert_false(j.claims.video.can_subscribe);
  oh_join_fini(&j);
  free(token);
}

static void attributes_of_version_0(void **state) {
  (void)state;
  char *may = good_token(true), *may_not = good_token(false);
  struct oh_join j;
  const char *query = "attributes=eyJhIjoiYiIsImMiOiIifQ"; // {"a":"b","c":""}
  assert_int_equal(ask("/rtc", may, query, &j), 0);
  assert_int_equal(j.claims.attribute_count, 1);
  assert_string_equal(j.claims.attributes[0], "a");
  assert_string_equal(j.claims.attributes[1], "b");
  oh_join_fini(&j);
  refused("/rtc", may_not, query, 401, "no permissions to access the room");
  free(may);
  free(may_not);
}

// "join_request=" and the value for an inner message, in one of the spellings clients use.
enum spelling { PADDED_URL, UNPADDED_URL, STANDARD };
static void add_wrapped(struct oh_text *query, struct oh_bytes inner, bool gzip, enum spelling spelling) {
  Livekit__WrappedJoinRequest wrapped = LIVEKIT__WRAPPED_JOIN_REQUEST__INIT;
  wrapped.compression = gzip;
  wrapped.join_request = (ProtobufCBinaryData){.data = (uint8_t *)(uintptr_t)inner.data, .len = inner.len};
  size_t len;
  uint8_t *packed = oh_message_write(&wrapped.base, &len);
  oh_text_adds(query, "join_request=");
  oh_base64_write(query, (struct oh_bytes){packed, len},
                  spelling == STANDARD ? OH_BASE64_STANDARD : OH_BASE64_URL);
  for (size_t n = len; spelling == PADDED_URL && n % 3; n++)
    oh_text_adds(query, "%3D");
  free(packed);
}
static size_t compress_gzip(const uint8_t *in, size_t len, uint8_t *out, size_t capacity) {
  z_stream z = {
      .next_in = (Bytef *)(uintptr_t)in, .avail_in = (uInt)len, .next_out = out, .avail_out = (uInt)capacity};
  assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
  deflateEnd(&z);
  return z.total_out;
}

static uint8_t *pack_request(size_t *len) {
  Livekit__ClientInfo info = LIVEKIT__CLIENT_INFO__INIT;
  info.sdk = LIVEKIT__CLIENT_INFO__SDK__JS;
  info.protocol = 17;
  info.client_protocol = 2;
  info.version = (char *)(uintptr_t) "2.23.0";
  Livekit__ClientInfo__Capability capabilities[] = {
      LIVEKIT__CLIENT_INFO__CAPABILITY__CAP_COMPRESSION_DEFLATE_RAW};
  info.capabilities = capabilities;
  info.n_capabilities = 1;
  Livekit__ConnectionSettings settings = LIVEKIT__CONNECTION_SETTINGS__INIT;
  settings.auto_subscribe = true;
  Livekit__SessionDescription offer = LIVEKIT__SESSION_DESCRIPTION__INIT;
  offer.type = (char *)(uintptr_t) "offer";
  offer.sdp = (char *)(uintptr_t) "v=0\r\n";
  offer.id = 7;
  Livekit__JoinRequest request = LIVEKIT__JOIN_REQUEST__INIT;
  request.client_info = &info;
  request.connection_settings = &settings;
  request.publisher_offer = &offer;
  request.reconnect = true;
  request.participant_sid = (char *)(uintptr_t) "PA_old";
  return oh_message_write(&request.base, len);
}

static void version_1_in_every_spelling(void **state) {
  (void)state;
  char *token = good_token(false);
  size_t len;
  uint8_t *inner = pack_request(&len), zipped[512];
  size_t zipped_len = compress_gzip(inner, len, zipped, sizeof zipped);
  for (int round = 0; round < 6; round++) {
    struct oh_text query;
    oh_text_init(&query, 4096);
    bool gzip = round % 2;
    add_wrapped(&query, gzip ? (struct oh_bytes){zipped, zipped_len} : (struct oh_bytes){inner, len}, gzip,
                (enum spelling)(round / 2));
    struct oh_join j;
    assert_int_equal(ask(round == 2 ? "/rtc" : "/rtc/v1", token, query.data, &j), 0);
    assert_true(j.single_peer_connection && j.auto_subscribe && j.reconnect);
    assert_string_equal(j.sdk, "js");
    assert_string_equal(j.version, "2.23.0");
    assert_int_equal(j.protocol, 17);
    assert_int_equal(j.client_protocol, 2);
    assert_int_equal(j.capabilities, 1u << 2);
    assert_string_equal(j.participant_sid, "PA_old");
    assert_int_equal(j.request->publisher_offer->id, 7);
    oh_join_fini(&j);
    oh_text_fini(&query);
  }
  free(inner);
  free(token);
}

static void hostile_join_requests(void **state) {
  (void)state;
  char *token = good_token(true);
  struct oh_text query;
  oh_text_init(&query, 1 << 20);
  // no settings at all: nothing is subscribed
  struct oh_join j;
  add_wrapped(&query, (struct oh_bytes){(const uint8_t *)"", 0}, false, PADDED_URL);
  assert_int_equal(ask("/rtc/v1", token, "join_request=CAA", &j), 0);
  assert_false(j.auto_subscribe);
  oh_join_fini(&j);

  // a bomb: 64 MiB of zeroes
  size_t huge = 64u << 20;
  uint8_t *zeroes = calloc(1, huge), *bomb = malloc(1 << 18);
  size_t bomb_len = compress_gzip(zeroes, huge, bomb, 1 << 18);
  oh_text_clear(&query);
  add_wrapped(&query, (struct oh_bytes){bomb, bomb_len}, true, UNPADDED_URL);
  refused("/rtc/v1", token, query.data, 400, "join request too large");
  // exactly 1 MiB inflates, but is no message
  bomb_len = compress_gzip(zeroes, OH_JOIN_REQUEST_MAX, bomb, 1 << 18);
  oh_text_clear(&query);
  add_wrapped(&query, (struct oh_bytes){bomb, bomb_len}, true, UNPADDED_URL);
  refused("/rtc/v1", token, query.data, 400, "cannot unmarshal join request");
  // cut, garbage behind, not gzip
  static const struct { int cut, more; } broken[] = {{8, 0}, {1, 0}, {0, 1}};
  for (size_t i = 0; i < 3; i++) {
    bomb_len = compress_gzip((const uint8_t *)"\x38\x01", 2, bomb, 100);
    oh_text_clear(&query);
    size_t len = bomb_len - (size_t)broken[i].cut + (size_t)broken[i].more;
    add_wrapped(&query, (struct oh_bytes){bomb, len}, true, UNPADDED_URL);
    refused("/rtc/v1", token, query.data, 400, "cannot read decompressed join request");
  }
  oh_text_clear(&query);
  add_wrapped(&query, (struct oh_bytes){(const uint8_t *)"\x38\x01", 2}, true, UNPADDED_URL);
  refused("/rtc/v1", token, query.data, 400, "cannot read decompressed join request");
  // metadata that is not UTF-8
  oh_text_clear(&query);
  add_wrapped(&query, (struct oh_bytes){(const uint8_t *)"\x1A\x01\xFF", 3}, false, UNPADDED_URL);
  refused("/rtc/v1", token, query.data, 400, "cannot unmarshal join request");
  free(zeroes);
  free(bomb);
  oh_text_fini(&query);
  free(token);
}

static void metadata_at_join(void **state) {
  (void)state;
  char *may = good_token(true), *may_not = good_token(false);
  static const uint8_t request[] = {0x1A, 2, 'h', 'i',  0x22, 6,    0x0A, 1,  'k',
                                    0x12, 1, 'v', 0x22, 3,    0x0A, 1,    'e'};
  struct oh_text query;
  oh_text_init(&query, 4096);
  add_wrapped(&query, (struct oh_bytes){request, sizeof request}, false, PADDED_URL);
  struct oh_join j;
  assert_int_equal(ask("/rtc/v1", may, query.data, &j), 0);
  assert_string_equal(j.claims.metadata, "hi");
  assert_int_equal(j.claims.attribute_count, 1);
  assert_string_equal(j.claims.attributes[1], "v");
  oh_join_fini(&j);
  refused("/rtc/v1", may_not, query.data, 401, "no permissions to access the room");
  oh_text_fini(&query);
  free(may);
  free(may_not);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(version_0),
      cmocka_unit_test(livekits_refusals_in_order),
      cmocka_unit_test(lengths),
      cmocka_unit_test(legacy_publish),
      cmocka_unit_test(attributes_of_version_0),
      cmocka_unit_test(version_1_in_every_spelling),
      cmocka_unit_test(hostile_join_requests),
      cmocka_unit_test(metadata_at_join),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
