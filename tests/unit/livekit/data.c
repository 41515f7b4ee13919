// data.c — DataPackets between participants (livekit/data.h), through real associations above the doubles
#include "livekit/service.h"
#include "tests/unit/livekit/data_scene.h"
#include "wire/sctp.h"

// ---- who sent it ----

static void the_sender_is_who_they_are(void **state) {
  (void)state;
  struct scene s;
  scene_of_three(&s);
  for (int lossy = 0; lossy < 2; lossy++) {
    Livekit__UserPacket user;
    Livekit__DataPacket packet = user_packet(&user, "hello");
    packet.participant_identity = user.participant_identity = (char *)"bob";
    packet.participant_sid = user.participant_sid = s.visitors[BOB].sid;
    packet.kind = lossy ? LIVEKIT__DATA_PACKET__KIND__RELIABLE : LIVEKIT__DATA_PACKET__KIND__LOSSY;
    user._topic_case = LIVEKIT__USER_PACKET___TOPIC_TOPIC;
    user.topic = (char *)"weather";
    say(&s, ANN, lossy, &packet);
    assert_int_equal(s.got_count, 2); // and so none for ann
    for (int client = BOB; client <= CAT; client++) {
      const struct got *got = got_at(&s, client, 0);
      assert_text(got, "hello");
      assert_int_equal(got->lossy, lossy);
      assert_int_equal(got->packet->kind, lossy);
      assert_string_equal(got->packet->participant_identity, "ann");
      assert_string_equal(got->packet->participant_sid, s.visitors[ANN].sid);
      assert_string_equal(got->packet->user->participant_identity, "ann");
      assert_string_equal(got->packet->user->participant_sid, s.visitors[ANN].sid);
      assert_string_equal(got->packet->user->topic, "weather");
    }
    forget(&s);
  }
  assert_int_equal(counted(&s, OH_COUNT_data_received), 2);
  scene_close(&s);
}

static void the_hidden_have_no_name(void **state) {
  (void)state;
  struct scene s;
  scene_open(&s);
  add(&s, "ann", (struct visit_options){.hidden = true});
  add(&s, "bob", (struct visit_options){0});
  Livekit__UserPacket user;
  Livekit__DataPacket packet = user_packet(&user, "boo");
  packet.participant_identity = user.participant_identity = (char *)"ann";
  user.participant_sid = s.visitors[ANN].sid;
  say(&s, ANN, false, &packet);
  const struct got *got = got_at(&s, BOB, 0);
  assert_text(got, "boo");
  assert_string_equal(got->packet->participant_identity, "");
  assert_string_equal(got->packet->user->participant_identity, "");
  assert_string_equal(got->packet->user->participant_sid, "");
  scene_close(&s);
}

static void only_agents_transcribe(void **state) {
  (void)state;
  struct scene s;
  scene_of_three(&s);
  Livekit__Transcription transcription = LIVEKIT__TRANSCRIPTION__INIT;
  Livekit__DataPacket packet = LIVEKIT__DATA_PACKET__INIT;
  packet.value_case = LIVEKIT__DATA_PACKET__VALUE_TRANSCRIPTION;
  packet.transcription = &transcription;
  say(&s, ANN, false, &packet);
  assert_int_equal(s.got_count, 0);
  // nor do they speak for another in a chat
  Livekit__ChatMessage chat = LIVEKIT__CHAT_MESSAGE__INIT;
  chat.message = (char *)"I am bob";
  packet.value_case = LIVEKIT__DATA_PACKET__VALUE_CHAT_MESSAGE;
  packet.chat_message = &chat;
  packet.participant_identity = (char *)"bob";
  say(&s, ANN, false, &packet);
  assert_string_equal(got_at(&s, CAT, 0)->packet->participant_identity, "ann");
  assert_string_equal(got_at(&s, CAT, 0)->packet->chat_message->message, "I am bob");
  assert_false(got_at(&s, CAT, 0)->packet->chat_message->generated);
  scene_close(&s);
}

// ---- to whom ----

static uint64_t take_varint(const uint8_t **at) {
  uint64_t value = 0;
  for (int shift = 0;; shift += 7) {
    uint8_t byte = *(*at)++;
    value |= (uint64_t)(byte & 0x7f) << shift;
    if (!(byte & 0x80)) return value;
  }
}

// The google.protobuf.Timestamp in the only field of this number, which our subset does not know.
static int64_t stamp_us(const ProtobufCMessage *message, uint32_t tag) {
  int64_t us = 0;
  int found = 0;
  for (unsigned i = 0; i < message->n_unknown_fields; i++) {
    const ProtobufCMessageUnknownField *field = &message->unknown_fields[i];
    if (field->tag != tag) continue;
    const uint8_t *at = field->data;
    assert_int_equal(take_varint(&at), field->len - 1);
    assert_int_equal(*at++, 0x08);
    us = (int64_t)take_varint(&at) * 1000000;
    assert_int_equal(*at++, 0x10);
    int64_t nanos = (int64_t)take_varint(&at);
    assert_in_range(nanos, 0, 999999999);
    us += nanos / 1000;
    assert_ptr_equal(at, field->data + field->len);
    found++;
  }
  assert_int_equal(found, 1);
  return us;
}

static void metrics_are_for_those_who_may_see_them(void **state) {
  (void)state;
  struct scene s;
  scene_open(&s);
  add(&s, "ann", (struct visit_options){0});
  add(&s, "bob", (struct visit_options){0});
  add(&s, "cat", (struct visit_options){.metrics = true});
  Livekit__MetricSample sample = LIVEKIT__METRIC_SAMPLE__INIT, *samples[] = {&sample};
  sample.timestamp_ms = 4500;
  sample.value = 0.5F;
  Livekit__TimeSeriesMetric series = LIVEKIT__TIME_SERIES_METRIC__INIT, *all[] = {&series};
  series.n_samples = 1;
  series.samples = samples;
  Livekit__EventMetric event = LIVEKIT__EVENT_METRIC__INIT, *events[] = {&event};
  event.start_timestamp_ms = 2000;
  event._end_timestamp_ms_case = LIVEKIT__EVENT_METRIC___END_TIMESTAMP_MS_END_TIMESTAMP_MS;
  event.end_timestamp_ms = 3000;
  Livekit__MetricsBatch batch = LIVEKIT__METRICS_BATCH__INIT;
  batch.timestamp_ms = 5000;
  batch.n_time_series = batch.n_events = 1;
  batch.time_series = all;
  batch.events = events;
  Livekit__DataPacket packet = LIVEKIT__DATA_PACKET__INIT;
  packet.value_case = LIVEKIT__DATA_PACKET__VALUE_METRICS;
  packet.metrics = &batch;
  int64_t unix_us = oh_unix_us(&s.w.world, s.w.now_us);
  say(&s, ANN, false, &packet);
  assert_int_equal(count_for(&s, BOB), 0);
  assert_int_equal(count_for(&s, CAT), 1);
  const Livekit__DataPacket *got = got_at(&s, CAT, 0)->packet;
  assert_string_equal(got->participant_identity, "ann");
  int64_t sent_us = stamp_us(&got->metrics->base, 2);
  assert_in_range(sent_us - unix_us, 0, SHORTLY_US);
  assert_int_equal(sent_us - stamp_us(&got->metrics->time_series[0]->samples[0]->base, 2), 500000);
  assert_int_equal(sent_us - stamp_us(&got->metrics->events[0]->base, 6), 3000000);
  assert_int_equal(sent_us - stamp_us(&got->metrics->events[0]->base, 7), 2000000);
  scene_close(&s);
}

// A clock from nowhere, and a field of ours that the client has filled in: no overflow, nothing of it stays.
static void absurd_times_are_bounded(void **state) {
  (void)state;
  struct oh_metrics_clock clock = {0};
  static const uint8_t theirs[] = {0x12, 0x04, 0x08, 0x07, 0x10, 0x01, 0x12, 0x02, 0x08, 0x05};
  const int64_t absurd[] = {INT64_MIN, -1, 1, INT64_MAX, INT64_MIN};
  for (size_t i = 0; i < sizeof absurd / sizeof *absurd; i++) {
    Livekit__MetricsBatch *batch =
        (Livekit__MetricsBatch *)oh_message_read(&livekit__metrics_batch__descriptor, theirs, sizeof theirs);
    assert_non_null(batch);
    batch->timestamp_ms = absurd[i];
    oh_metrics_normalise(&clock, 1700000000000000, batch);
    assert_int_not_equal(stamp_us(&batch->base, 2), 7000000);
    oh_message_free(batch);
  }
}

static void destinations_are_honoured(void **state) {
  (void)state;
  struct scene s;
  scene_of_three(&s);
  char *names[] = {(char *)"cat", (char *)"nobody"};
  Livekit__UserPacket user;
  Livekit__DataPacket packet = user_packet(&user, "outside");
  packet.destination_identities = names;
  packet.n_destination_identities = 2;
  say(&s, ANN, false, &packet);
  assert_int_equal(s.got_count, 1);
  assert_text(got_at(&s, CAT, 0), "outside");
  assert_string_equal(got_at(&s, CAT, 0)->packet->user->destination_identities[0], "cat");
  forget(&s);

  packet = user_packet(&user, "inside"); // as older clients
  user.destination_identities = names;
  user.n_destination_identities = 2;
  say(&s, ANN, true, &packet);
  assert_int_equal(s.got_count, 1);
  assert_string_equal(got_at(&s, CAT, 0)->packet->destination_identities[0], "cat");
  forget(&s);

  packet = user_packet(&user, "sid");
  char *sids[] = {s.visitors[BOB].sid};
  user.destination_sids = sids;
  user.n_destination_sids = 1;
  say(&s, ANN, false, &packet);
  assert_int_equal(s.got_count, 1);
  assert_text(got_at(&s, BOB, 0), "sid");
  forget(&s);

  packet = user_packet(&user, "me"); // not even then an echo
  char *self[] = {(char *)"ann"};
  packet.destination_identities = self;
  packet.n_destination_identities = 1;
  say(&s, ANN, false, &packet);
  assert_int_equal(s.got_count, 0);
  scene_close(&s);
}

static void other_rooms_hear_nothing(void **state) {
  (void)state;
  struct scene s;
  scene_open(&s);
  add(&s, "ann", (struct visit_options){0});
  add(&s, "bob", (struct visit_options){.room = "attic"});
  say_text(&s, ANN, false, "to the den");
  assert_int_equal(counted(&s, OH_COUNT_data_received), 1);
  assert_int_equal(s.got_count, 0);
  scene_close(&s);
}

static void the_two_connections_of_older_clients(void **state) {
  (void)state;
  struct scene s;
  scene_open(&s);
  add(&s, "ann", (struct visit_options){0});
  int listens = arrive(&s, "bob", (struct visit_options){0});
  connect_data(&s, listens, OH_SUBSCRIBER); // whose channels the house opens
  say_text(&s, ANN, false, "reliably");
  say_text(&s, ANN, true, "perhaps");
  assert_int_equal(count_for(&s, listens), 2);
  assert_text(got_at(&s, listens, 0), "reliably");
  assert_false(got_at(&s, listens, 0)->lossy);
  assert_text(got_at(&s, listens, 1), "perhaps");
  assert_true(got_at(&s, listens, 1)->lossy);
  scene_close(&s);
}

// ---- repeats ----

static void repeated_sequences_are_dropped(void **state) {
  (void)state;
  struct scene s;
  scene_of_three(&s);
  static const uint32_t sequences[] = {1, 2, 2, 1, 5, 3, 6, 0, 0};
  static const uint32_t arrives[] = {1, 2, 5, 6, 0, 0};
  for (size_t i = 0; i < sizeof sequences / sizeof *sequences; i++) {
    Livekit__UserPacket user;
    Livekit__DataPacket packet = user_packet(&user, "n");
    packet.sequence = sequences[i];
    say(&s, ANN, false, &packet);
  }
  assert_int_equal(count_for(&s, BOB), sizeof arrives / sizeof *arrives);
  for (int i = 0; i < count_for(&s, BOB); i++)
    assert_int_equal(got_at(&s, BOB, i)->packet->sequence, arrives[i]);
  forget(&s);
  Livekit__UserPacket user;
  Livekit__DataPacket packet = user_packet(&user, "another's count");
  packet.sequence = 1;
  say(&s, BOB, false, &packet);
  assert_int_equal(count_for(&s, CAT), 1);
  say(&s, ANN, true, &packet); // nor do lossy ones count
  assert_int_equal(count_for(&s, CAT), 2);
  scene_close(&s);
}

static void repeated_nonces_are_dropped(void **state) {
  (void)state;
  struct scene s;
  scene_of_three(&s);
  uint8_t nonce[16] = {1, 2, 3};
  Livekit__UserPacket user;
  Livekit__DataPacket packet = user_packet(&user, "once");
  user.nonce = (ProtobufCBinaryData){.data = nonce, .len = sizeof nonce};
  say(&s, ANN, false, &packet);
  say(&s, ANN, true, &packet);
  say(&s, BOB, false, &packet); // the room's, not the sender's
  assert_int_equal(count_for(&s, CAT), 1);
  user.nonce.len = 8; // none
  say(&s, ANN, false, &packet);
  say(&s, ANN, false, &packet);
  assert_int_equal(count_for(&s, CAT), 3);
  user.nonce.len = sizeof nonce;
  for (int i = 0; i < OH_DATA_NONCES; i++) { // so many others, and it is forgotten
    nonce[15] = (uint8_t)(i + 1);
    forget(&s);
    say(&s, ANN, true, &packet);
    assert_int_equal(count_for(&s, CAT), 1);
  }
  nonce[15] = 0;
  say(&s, ANN, false, &packet);
  assert_int_equal(count_for(&s, CAT), 2);
  scene_close(&s);
}

// ---- what back ends send (service_data.c) ----

struct ask { // a call of the server API
  struct oh_call call;
  bool finished;
};
static void on_finished(struct oh_call *call, int64_t now_us) {
  (void)now_us;
  ((struct ask *)call)->finished = true;
}

static enum oh_call_state serve(struct scene *s, struct ask *ask, const char *method,
                                const ProtobufCMessage *request) {
  static struct oh_claims nobody; // the door has looked at the token
  if (!nobody.video.room) oh_claims_init(&nobody);
  *ask = (struct ask){.call = {.claims = &nobody,
                               .method = oh_method_find(OH_STR("livekit.RoomService"), oh_str(method)),
                               .request = request,
                               .finished = on_finished}};
  assert_non_null(ask->call.method);
  enum oh_call_state state = oh_house_serve(s->w.house, s->w.now_us, &ask->call);
  data_line_run(&s->line, SHORTLY_US);
  return state;
}

static void back_ends_send_data(void **state) {
  (void)state;
  struct scene s;
  scene_of_three(&s);
  uint8_t nonce[OH_DATA_NONCE_BYTES] = {7};
  char *names[] = {(char *)"cat"}, *sids[] = {s.visitors[BOB].sid};
  struct ask ask;
  Livekit__SendDataRequest request = LIVEKIT__SEND_DATA_REQUEST__INIT;
  request.room = (char *)"den";
  request.data = (ProtobufCBinaryData){.data = (uint8_t *)"news", .len = 4};
  request._topic_case = LIVEKIT__SEND_DATA_REQUEST___TOPIC_TOPIC;
  request.topic = (char *)"press";
  assert_int_equal(serve(&s, &ask, "SendData", &request.base), OH_CALL_DONE);
  assert_int_equal(ask.call.error.code, OH_TWIRP_OK);
  oh_call_fini(&ask.call);
  assert_int_equal(s.got_count, 3); // everybody
  assert_text(got_at(&s, ANN, 0), "news");
  assert_false(got_at(&s, ANN, 0)->lossy);
  assert_string_equal(got_at(&s, ANN, 0)->packet->user->topic, "press");
  assert_string_equal(got_at(&s, ANN, 0)->packet->participant_identity, "");
  assert_int_equal(got_at(&s, ANN, 0)->packet->sequence, 0);
  forget(&s);

  request.kind = LIVEKIT__DATA_PACKET__KIND__LOSSY;
  request.destination_identities = names;
  request.n_destination_identities = 1;
  request.destination_sids = sids;
  request.n_destination_sids = 1;
  request.nonce = (ProtobufCBinaryData){.data = nonce, .len = sizeof nonce};
  for (int i = 0; i < 2; i++) { // the second repeats the first
    assert_int_equal(serve(&s, &ask, "SendData", &request.base), OH_CALL_DONE);
    assert_int_equal(ask.call.error.code, OH_TWIRP_OK);
    oh_call_fini(&ask.call);
  }
  assert_int_equal(s.got_count, 2);
  assert_true(got_at(&s, BOB, 0)->lossy);
  assert_text(got_at(&s, CAT, 0), "news");
  forget(&s);

  request.nonce.len = 3;
  serve(&s, &ask, "SendData", &request.base);
  assert_int_equal(ask.call.error.code, OH_TWIRP_INVALID_ARGUMENT);
  request.nonce.len = 0;
  request.room = (char *)"nowhere";
  serve(&s, &ask, "SendData", &request.base);
  assert_int_equal(ask.call.error.code, OH_TWIRP_NOT_FOUND);
  request.room = (char *)"den";
  uint8_t *large = calloc(1, OH_DATA_MESSAGE_MAX);
  request.data = (ProtobufCBinaryData){.data = large, .len = OH_DATA_MESSAGE_MAX};
  serve(&s, &ask, "SendData", &request.base);
  assert_int_equal(ask.call.error.code, OH_TWIRP_INVALID_ARGUMENT);
  free(large);
  assert_int_equal(s.got_count, 0);
  scene_close(&s);
}

// Bob's part in a call that the server made: the latest question that he got.
static const char *asked_of_bob(struct scene *s) {
  for (int i = count_for(s, BOB) - 1; i >= 0; i--) {
    const Livekit__DataPacket *packet = got_at(s, BOB, i)->packet;
    if (packet->value_case != LIVEKIT__DATA_PACKET__VALUE_RPC_REQUEST) continue;
    assert_string_equal(packet->participant_identity, packet->rpc_request->id);
    return packet->rpc_request->id;
  }
  fail_msg("bob was asked nothing");
  return NULL;
}

static void bob_acknowledges(struct scene *s) {
  Livekit__RpcAck ack = LIVEKIT__RPC_ACK__INIT;
  ack.request_id = (char *)asked_of_bob(s);
  Livekit__DataPacket packet = LIVEKIT__DATA_PACKET__INIT;
  packet.value_case = LIVEKIT__DATA_PACKET__VALUE_RPC_ACK;
  packet.rpc_ack = &ack;
  say(s, BOB, false, &packet);
}

static void bob_answers(struct scene *s, int from, const char *payload, Livekit__RpcError *error) {
  Livekit__RpcResponse response = LIVEKIT__RPC_RESPONSE__INIT;
  response.request_id = (char *)asked_of_bob(s);
  response.value_case = error ? LIVEKIT__RPC_RESPONSE__VALUE_ERROR : LIVEKIT__RPC_RESPONSE__VALUE_PAYLOAD;
  if (error)
    response.error = error;
  else
    response.payload = (char *)payload;
  Livekit__DataPacket packet = LIVEKIT__DATA_PACKET__INIT;
  packet.value_case = LIVEKIT__DATA_PACKET__VALUE_RPC_RESPONSE;
  packet.rpc_response = &response;
  say(s, from, false, &packet);
}

static Livekit__PerformRpcRequest rpc_to(const char *identity) {
  Livekit__PerformRpcRequest request = LIVEKIT__PERFORM_RPC_REQUEST__INIT;
  request.room = (char *)"den";
  request.destination_identity = (char *)identity;
  request.method = (char *)"add";
  request.payload = (char *)"1+1";
  return request;
}

static void back_ends_call_procedures(void **state) {
  (void)state;
  struct scene s;
  scene_of_three(&s);
  struct ask ask;
  Livekit__PerformRpcRequest request = rpc_to("bob");
  assert_int_equal(serve(&s, &ask, "PerformRpc", &request.base), OH_CALL_LATER);
  assert_int_equal(s.got_count, 1); // nobody else is asked
  bob_acknowledges(&s);
  bob_answers(&s, CAT, "3", NULL); // not hers to give: it goes to the others as any packet
  assert_false(ask.finished);
  bob_answers(&s, BOB, "2", NULL);
  assert_true(ask.finished);
  assert_int_equal(ask.call.error.code, OH_TWIRP_OK);
  Livekit__PerformRpcResponse *answer = (Livekit__PerformRpcResponse *)oh_message_read(
      &livekit__perform_rpc_response__descriptor, ask.call.answer, ask.call.answer_len);
  assert_string_equal(answer->payload, "2");
  oh_message_free(answer);
  oh_call_fini(&ask.call);
  for (int i = 0; i < s.got_count; i++) // the ack and the answer went no further
    assert_int_not_equal(s.got[i].packet->value_case, LIVEKIT__DATA_PACKET__VALUE_RPC_ACK);
  assert_int_equal(count_for(&s, CAT), 0);
  scene_close(&s);
}

static void failed_procedures_are_told(void **state) {
  (void)state;
  struct scene s;
  scene_of_three(&s);
  struct ask ask;
  Livekit__PerformRpcRequest request = rpc_to("bob");
  Livekit__RpcError error = LIVEKIT__RPC_ERROR__INIT;
  error.code = 1400;
  error.message = (char *)"no such method";
  error.data = (char *)"add";
  serve(&s, &ask, "PerformRpc", &request.base);
  bob_answers(&s, BOB, NULL, &error);
  assert_int_equal(ask.call.error.code, OH_TWIRP_INVALID_ARGUMENT);
  assert_string_equal(ask.call.error.msg, "RpcError 1400: no such method: add");

  serve(&s, &ask, "PerformRpc", &request.base); // nobody acknowledges
  assert_false(ask.finished);
  data_line_run(&s.line, 2000000);
  assert_true(ask.finished);
  assert_string_equal(ask.call.error.msg, "RpcError 1501: Connection timeout");
  assert_int_equal(ask.call.error.code, OH_TWIRP_CANCELED);

  request.response_timeout_ms = 3000;
  serve(&s, &ask, "PerformRpc", &request.base); // nobody answers
  bob_acknowledges(&s);
  data_line_run(&s.line, 2500000);
  assert_false(ask.finished);
  data_line_run(&s.line, 500000);
  assert_string_equal(ask.call.error.msg, "RpcError 1502: Response timeout");

  char payload[15362];
  memset(payload, 'x', sizeof payload - 1);
  payload[sizeof payload - 1] = 0;
  request.payload = payload;
  assert_int_equal(serve(&s, &ask, "PerformRpc", &request.base), OH_CALL_DONE);
  assert_int_equal(ask.call.error.code, OH_TWIRP_MALFORMED);

  request = rpc_to("nobody");
  assert_int_equal(serve(&s, &ask, "PerformRpc", &request.base), OH_CALL_DONE);
  assert_int_equal(ask.call.error.code, OH_TWIRP_NOT_FOUND);

  request = rpc_to("bob");
  serve(&s, &ask, "PerformRpc", &request.base);
  struct oh_participant *bob =
      oh_participant_by_sid(oh_room_find(s.w.house, OH_STR("den")), s.visitors[BOB].sid);
  oh_participant_close(s.w.house, s.w.now_us, bob, LIVEKIT__DISCONNECT_REASON__CLIENT_INITIATED);
  assert_true(ask.finished);
  assert_int_equal(ask.call.error.code, OH_TWIRP_UNAVAILABLE);
  scene_close(&s);
}

// ---- what is dropped ----

static void without_permission_nothing_is_sent(void **state) {
  (void)state;
  struct scene s;
  scene_open(&s);
  add(&s, "ann", (struct visit_options){.no_data = true});
  add(&s, "bob", (struct visit_options){0});
  say_text(&s, ANN, false, "hush");
  say_text(&s, ANN, true, "hush");
  assert_int_equal(s.got_count, 0);
  assert_int_equal(counted(&s, OH_COUNT_data_drop_permission), 2);
  assert_int_equal(counted(&s, OH_COUNT_data_received), 0);
  say_text(&s, BOB, false, "listen");
  assert_text(got_at(&s, ANN, 0), "listen");
  scene_close(&s);
}

static void garbage_is_dropped(void **state) {
  (void)state;
  struct scene s;
  scene_of_three(&s);
  static const struct oh_bytes garbage[] = {{(const uint8_t *)"\xff\xff\xff\xff", 4},
                                            {(const uint8_t *)"\x12\x7f\x01", 3},     // cut short
                                            {(const uint8_t *)"\x22\x02\xc3\x28", 4}, // no UTF-8
                                            {(const uint8_t *)"\x80\x00\x01", 3},     // field 0 in a long tag
                                            {(const uint8_t *)"{}", 2}};
  size_t count = sizeof garbage / sizeof *garbage;
  for (size_t i = 0; i < count; i++)
    for (int lossy = 0; lossy < 2; lossy++)
      assert_true(data_line_send(&s.line, ANN, lossy, garbage[i]));
  data_line_run(&s.line, SHORTLY_US);
  assert_int_equal(counted(&s, OH_COUNT_data_drop_malformed), 2 * count);
  assert_int_equal(counted(&s, OH_COUNT_data_received), 0);
  assert_int_equal(s.got_count, 0);
  say_text(&s, ANN, false, "sense");
  assert_text(got_at(&s, BOB, 0), "sense");
  scene_close(&s);
}

static void text_is_dropped(void **state) {
  (void)state;
  struct scene s;
  scene_of_three(&s);
  Livekit__UserPacket user;
  Livekit__DataPacket packet = user_packet(&user, "good bytes, wrong way");
  size_t len;
  uint8_t *bytes = oh_message_write(&packet.base, &len);
  const struct data_client *ann = &s.line.clients[ANN];
  assert_true(oh_channel_send(ann->channels, s.w.now_us, (uint16_t)ann->reliable, true,
                              (struct oh_bytes){bytes, len}));
  free(bytes);
  data_line_run(&s.line, SHORTLY_US);
  assert_int_equal(counted(&s, OH_COUNT_channel_drop_message), 1);
  assert_int_equal(s.got_count, 0);
  scene_close(&s);
}

static void say_raw(struct scene *s, int client, int32_t channel, bool text, const char *words) {
  assert_true(oh_channel_send(s->line.clients[client].channels, s->w.now_us, (uint16_t)channel, text,
                              (struct oh_bytes){(const uint8_t *)words, strlen(words)}));
  data_line_run(&s->line, SHORTLY_US);
}

static void other_channels_carry_payloads(void **state) {
  (void)state;
  struct scene s;
  scene_of_three(&s);
  struct oh_dcep_open settings = {.max_retransmits = -1, .lifetime_ms = -1, .label = OH_STR("chess")};
  int32_t chess = oh_channel_open(s.line.clients[ANN].channels, s.w.now_us, &settings);
  say_raw(&s, ANN, chess, false, "e2e4");
  say_raw(&s, ANN, chess, true, "d2d4"); // as text: the same
  assert_int_equal(count_for(&s, ANN), 0);
  for (int who = BOB; who <= CAT; who++) {
    assert_int_equal(count_for(&s, who), 2);
    const struct got *got = got_at(&s, who, 0);
    assert_text(got, "e2e4");
    assert_string_equal(got->packet->participant_identity, "ann");
    assert_string_equal(got->packet->user->participant_sid, s.visitors[ANN].sid);
    assert_text(got_at(&s, who, 1), "d2d4");
  }
  scene_close(&s);
}

static void other_channels_need_the_permission_too(void **state) {
  (void)state;
  struct scene s;
  scene_open(&s);
  add(&s, "ann", (struct visit_options){.no_data = true});
  add(&s, "bob", (struct visit_options){0});
  struct oh_dcep_open settings = {.max_retransmits = -1, .lifetime_ms = -1, .label = OH_STR("chess")};
  say_raw(&s, ANN, oh_channel_open(s.line.clients[ANN].channels, s.w.now_us, &settings), false, "e2e4");
  assert_int_equal(s.got_count, 0);
  assert_int_equal(counted(&s, OH_COUNT_data_drop_permission), 1);
  scene_close(&s);
}

// Our own association sends nothing too large: so the end of one message and the beginning of the next are
// taken away in the DATA chunks.
static void glue(void *ctx, int client, uint8_t *packet, size_t len) {
  struct scene *s = ctx;
  if (client != ANN || !s->glue) return;
  for (size_t at = OH_SCTP_HEADER; at + OH_SCTP_DATA_HEADER <= len;) {
    size_t chunk = (size_t)(packet[at + 2] << 8 | packet[at + 3]);
    if (packet[at] == OH_SCTP_DATA && s->glued == 0 && packet[at + 1] & OH_SCTP_END) {
      packet[at + 1] &= (uint8_t)~OH_SCTP_END;
      s->glued = 1;
    } else if (packet[at] == OH_SCTP_DATA && s->glued == 1 && packet[at + 1] & OH_SCTP_BEGIN) {
      packet[at + 1] &= (uint8_t)~OH_SCTP_BEGIN;
      s->glued = 2;
    }
    at += (chunk + 3) & ~(size_t)3;
  }
  oh_sctp_sum(packet, len);
}

static void large_arrives_and_oversized_is_dropped(void **state) {
  (void)state;
  struct scene s;
  scene_of_three(&s);
  size_t len = OH_CHANNEL_MESSAGE_MAX * 3 / 4;
  char *text = calloc(1, len + 1);
  memset(text, 'x', 64000); // the largest of LiveKit's clients
  say_text(&s, ANN, false, text);
  assert_text(got_at(&s, BOB, 0), text);
  forget(&s);
  memset(text, 'x', len);
  s.line.alter = glue;
  s.glue = true;
  Livekit__UserPacket user;
  Livekit__DataPacket packet = user_packet(&user, text);
  size_t packed_len;
  uint8_t *packed = oh_message_write(&packet.base, &packed_len);
  for (int i = 0; i < 2; i++)
    assert_true(data_line_send(&s.line, ANN, true, (struct oh_bytes){packed, packed_len}));
  data_line_run(&s.line, 10 * SHORTLY_US);
  s.glue = false;
  assert_int_equal(s.glued, 2);
  assert_int_equal(counted(&s, OH_COUNT_sctp_drop_oversize), 1);
  assert_int_equal(counted(&s, OH_COUNT_data_received), 1);
  assert_int_equal(s.got_count, 0);
  say_text(&s, ANN, true, "small");
  assert_text(got_at(&s, BOB, 0), "small");
  free(packed);
  free(text);
  scene_close(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_sender_is_who_they_are),
      cmocka_unit_test(the_hidden_have_no_name),
      cmocka_unit_test(only_agents_transcribe),
      cmocka_unit_test(metrics_are_for_those_who_may_see_them),
      cmocka_unit_test(absurd_times_are_bounded),
      cmocka_unit_test(destinations_are_honoured),
      cmocka_unit_test(other_rooms_hear_nothing),
      cmocka_unit_test(the_two_connections_of_older_clients),
      cmocka_unit_test(repeated_sequences_are_dropped),
      cmocka_unit_test(repeated_nonces_are_dropped),
      cmocka_unit_test(back_ends_send_data),
      cmocka_unit_test(back_ends_call_procedures),
      cmocka_unit_test(failed_procedures_are_told),
      cmocka_unit_test(without_permission_nothing_is_sent),
      cmocka_unit_test(garbage_is_dropped),
      cmocka_unit_test(text_is_dropped),
      cmocka_unit_test(other_channels_carry_payloads),
      cmocka_unit_test(other_channels_need_the_permission_too),
      cmocka_unit_test(large_arrives_and_oversized_is_dropped),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
