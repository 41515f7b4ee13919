// data_blob.c — what participants leave for others to fetch (livekit/data_blob.h)
#include "livekit/data_blob.h"
#include "base/limits.h"
#include "tests/unit/livekit/visit.h"

#define SAYS(name) LIVEKIT__SIGNAL_RESPONSE__MESSAGE_##name

struct scene {
  struct visit_world w;
  struct visitor ann, bob;
};

static void scene_open(struct scene *s, bool enabled) {
  struct oh_house_config config = visit_config();
  config.data_blobs = enabled;
  visit_open(&s->w, &config);
  s->ann = visit_join(&s->w, "ann", NULL);
  s->bob = visit_join(&s->w, "bob", NULL);
  visit_clear(&s->w);
}

static void store(struct scene *s, const struct visitor *who, const char *key, size_t bytes) {
  Livekit__DataBlobKey name = LIVEKIT__DATA_BLOB_KEY__INIT;
  name.key_case = LIVEKIT__DATA_BLOB_KEY__KEY_GENERIC;
  name.generic = (char *)key;
  Livekit__DataBlob blob = LIVEKIT__DATA_BLOB__INIT;
  blob.key = &name;
  blob.contents = (ProtobufCBinaryData){bytes, calloc(1, bytes + 1)};
  memset(blob.contents.data, 'a' + (int)(bytes % 26), bytes);
  Livekit__StoreDataBlobRequest request = LIVEKIT__STORE_DATA_BLOB_REQUEST__INIT;
  request.request_id = 7;
  request.blob = &blob;
  Livekit__SignalRequest message = LIVEKIT__SIGNAL_REQUEST__INIT;
  message.message_case = LIVEKIT__SIGNAL_REQUEST__MESSAGE_STORE_DATA_BLOB_REQUEST;
  message.store_data_blob_request = &request;
  visit_clear(&s->w);
  visit_say(&s->w, who, &message);
  free(blob.contents.data);
}

static void get(struct scene *s, const struct visitor *who, const char *from, const char *key) {
  Livekit__DataBlobKey name = LIVEKIT__DATA_BLOB_KEY__INIT;
  name.key_case = LIVEKIT__DATA_BLOB_KEY__KEY_GENERIC;
  name.generic = (char *)key;
  Livekit__GetDataBlobRequest request = LIVEKIT__GET_DATA_BLOB_REQUEST__INIT;
  request.request_id = 8;
  request.participant_identity = (char *)from;
  request.key = key ? &name : NULL;
  Livekit__SignalRequest message = LIVEKIT__SIGNAL_REQUEST__INIT;
  message.message_case = LIVEKIT__SIGNAL_REQUEST__MESSAGE_GET_DATA_BLOB_REQUEST;
  message.get_data_blob_request = &request;
  visit_clear(&s->w);
  visit_say(&s->w, who, &message);
}

static void assert_refused(struct scene *s, const struct visitor *who, uint32_t request_id,
                           Livekit__RequestResponse__Reason reason) {
  const Livekit__SignalResponse *said = visit_find(&s->w, who, SAYS(REQUEST_RESPONSE), 0);
  assert_non_null(said);
  assert_int_equal(said->request_response->request_id, request_id);
  assert_int_equal(said->request_response->reason, reason);
}
static bool is_stored(struct scene *s, const struct visitor *who) {
  const Livekit__SignalResponse *said = visit_find(&s->w, who, SAYS(STORE_DATA_BLOB_RESPONSE), 0);
  return said && said->store_data_blob_response->request_id == 7;
}
static size_t bytes_got(struct scene *s, const struct visitor *who) {
  const Livekit__SignalResponse *said = visit_find(&s->w, who, SAYS(GET_DATA_BLOB_RESPONSE), 0);
  assert_non_null(said);
  assert_int_equal(said->get_data_blob_response->request_id, 8);
  return said->get_data_blob_response->blob->contents.len;
}

static void what_one_leaves_another_fetches(void **state) {
  (void)state;
  struct scene s;
  scene_open(&s, true);
  store(&s, &s.ann, "map", 1000);
  assert_true(is_stored(&s, &s.ann));
  get(&s, &s.bob, "ann", "map");
  assert_int_equal(bytes_got(&s, &s.bob), 1000);
  store(&s, &s.ann, "map", 20); // in its place
  get(&s, &s.bob, "ann", "map");
  assert_int_equal(bytes_got(&s, &s.bob), 20);
  get(&s, &s.ann, "ann", "map"); // its own
  assert_int_equal(bytes_got(&s, &s.ann), 20);
  get(&s, &s.bob, "ann", "plan");
  assert_refused(&s, &s.bob, 8, LIVEKIT__REQUEST_RESPONSE__REASON__NOT_FOUND);
  get(&s, &s.bob, "carl", "map");
  assert_refused(&s, &s.bob, 8, LIVEKIT__REQUEST_RESPONSE__REASON__NOT_FOUND);
  get(&s, &s.bob, "bob", "map"); // each has its own
  assert_refused(&s, &s.bob, 8, LIVEKIT__REQUEST_RESPONSE__REASON__NOT_FOUND);
  visit_close(&s.w);
}

static void they_are_bounded(void **state) {
  (void)state;
  struct scene s;
  scene_open(&s, true);
  store(&s, &s.ann, "a", OH_DATA_BLOBS_BYTES / 2);
  assert_true(is_stored(&s, &s.ann));
  store(&s, &s.ann, "b", OH_DATA_BLOBS_BYTES / 2);
  assert_refused(&s, &s.ann, 7, LIVEKIT__REQUEST_RESPONSE__REASON__LIMIT_EXCEEDED);
  store(&s, &s.ann, "a", OH_DATA_BLOBS_BYTES - 100); // the old one makes room
  assert_true(is_stored(&s, &s.ann));
  for (int i = 0; i < OH_DATA_BLOBS_MAX; i++) {
    char key[8];
    snprintf(key, sizeof key, "k%d", i);
    store(&s, &s.bob, key, 1);
    assert_true(is_stored(&s, &s.bob));
  }
  store(&s, &s.bob, "one more", 1);
  assert_refused(&s, &s.bob, 7, LIVEKIT__REQUEST_RESPONSE__REASON__LIMIT_EXCEEDED);
  char key[OH_DATA_BLOB_KEY_MAX + 1];
  memset(key, 'k', sizeof key - 1);
  key[sizeof key - 1] = 0;
  store(&s, &s.ann, key, 1);
  assert_refused(&s, &s.ann, 7, LIVEKIT__REQUEST_RESPONSE__REASON__INVALID_REQUEST);
  visit_close(&s.w);
}

static void who_may_not_is_told(void **state) {
  (void)state;
  struct scene s;
  scene_open(&s, true);
  store(&s, &s.ann, "empty", 0);
  assert_refused(&s, &s.ann, 7, LIVEKIT__REQUEST_RESPONSE__REASON__INVALID_REQUEST);
  store(&s, &s.ann, "", 1);
  assert_refused(&s, &s.ann, 7, LIVEKIT__REQUEST_RESPONSE__REASON__INVALID_REQUEST);
  get(&s, &s.bob, "ann", NULL);
  assert_refused(&s, &s.bob, 8, LIVEKIT__REQUEST_RESPONSE__REASON__INVALID_REQUEST);
  const struct visit_options quiet = {.no_data = true}, hidden = {.hidden = true};
  struct visitor carl = visit_join(&s.w, "carl", &quiet), ghost = visit_join(&s.w, "ghost", &hidden);
  store(&s, &carl, "map", 1);
  assert_refused(&s, &carl, 7, LIVEKIT__REQUEST_RESPONSE__REASON__NOT_ALLOWED);
  store(&s, &ghost, "map", 1);
  assert_true(is_stored(&s, &ghost));
  get(&s, &s.bob, "ghost", "map"); // nobody knows that it is there
  assert_refused(&s, &s.bob, 8, LIVEKIT__REQUEST_RESPONSE__REASON__NOT_FOUND);
  visit_close(&s.w);
}

static void they_are_off_unless_asked_for(void **state) {
  (void)state;
  struct scene s;
  scene_open(&s, false);
  store(&s, &s.ann, "map", 1000);
  assert_refused(&s, &s.ann, 7, LIVEKIT__REQUEST_RESPONSE__REASON__NOT_ALLOWED);
  get(&s, &s.bob, "ann", "map");
  assert_refused(&s, &s.bob, 8, LIVEKIT__REQUEST_RESPONSE__REASON__NOT_FOUND);
  visit_close(&s.w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_one_leaves_another_fetches),
      cmocka_unit_test(they_are_bounded),
      cmocka_unit_test(who_may_not_is_told),
      cmocka_unit_test(they_are_off_unless_asked_for),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
