// session.c — see session.h
#include "livekit/session.h"
#include "base/check.h"
#include "base/limits.h"
#include "livekit/json.h"
#include "livekit/message.h"

enum { SECOND_US = 1000000 };

struct oh_session *oh_session_open(struct oh_house *house, int64_t now_us) {
  oh_id id;
  struct oh_session *session = oh_slab_add(&house->sessions, &id);
  if (!session) return NULL;
  session->id = id;
  session->rate_at_us = now_us;
  session->rate_tokens = OH_SIGNAL_BURST;
  session->last_recv_us = now_us;
  return session;
}

void oh_session_remove(struct oh_house *house, struct oh_session *session) {
  oh_slab_remove(&house->sessions, session->id);
}

struct oh_session *oh_session_find(struct oh_house *house, oh_id session) {
  return oh_slab_find(&house->sessions, session);
}

bool oh_session_take_turn(struct oh_session *session, int64_t now_us) {
  const int64_t each_us = SECOND_US / OH_SIGNAL_RATE;
  int64_t gained = (now_us - session->rate_at_us) / each_us;
  if (gained > 0) {
    session->rate_at_us += gained * each_us;
    int64_t tokens = gained + session->rate_tokens;
    session->rate_tokens = tokens > OH_SIGNAL_BURST ? OH_SIGNAL_BURST : (uint32_t)tokens;
  }
  if (session->rate_tokens == 0) return false;
  session->rate_tokens--;
  return true;
}

static void add_frame(struct oh_house *house, struct oh_frame frame) {
  struct oh_frames *frames = &house->frames;
  if (frames->used == frames->cap) {
    uint32_t cap = frames->cap ? frames->cap * 2 : 64;
    struct oh_frame *items = malloc(cap * sizeof *items);
    OH_CHECK(items);
    for (uint32_t i = 0; i < frames->used; i++)
      items[i] = frames->items[(frames->head + i) % frames->cap];
    free(frames->items);
    *frames = (struct oh_frames){.items = items, .used = frames->used, .cap = cap};
  }
  frames->items[(frames->head + frames->used++) % frames->cap] = frame;
}

static bool is_first_word(const Livekit__SignalResponse *response) {
  return response->message_case == LIVEKIT__SIGNAL_RESPONSE__MESSAGE_JOIN ||
         response->message_case == LIVEKIT__SIGNAL_RESPONSE__MESSAGE_RECONNECT ||
         response->message_case == LIVEKIT__SIGNAL_RESPONSE__MESSAGE_LEAVE;
}

// NULL if it does not fit a client's queue.
static uint8_t *write_json(const ProtobufCMessage *message, size_t *len) {
  struct oh_text text;
  oh_text_init(&text, OH_SIGNAL_QUEUE_MAX);
  oh_json_write(&text, message, OH_JSON_CAMEL);
  char *json = oh_text_take(&text, len);
  oh_text_fini(&text);
  return (uint8_t *)json;
}

void oh_session_send(struct oh_house *house, struct oh_session *session,
                     const Livekit__SignalResponse *response) {
  if (!session || session->closing || (!session->join_sent && !is_first_word(response))) return;
  session->join_sent = true;
  struct oh_frame frame = {.session = session->id, .kind = session->json ? OH_FRAME_TEXT : OH_FRAME_BINARY};
  if (session->json)
    frame.data = write_json(&response->base, &frame.len);
  else
    frame.data = oh_message_write(&response->base, &frame.len);
  if (!frame.data) return oh_session_abort(house, session); // more than a client could take
  add_frame(house, frame);
}

void oh_session_close(struct oh_house *house, struct oh_session *session, uint16_t code) {
  if (!session || session->closing) return;
  session->closing = true;
  add_frame(house, (struct oh_frame){.session = session->id, .kind = OH_FRAME_CLOSE, .close_code = code});
}

void oh_session_abort(struct oh_house *house, struct oh_session *session) {
  if (!session || session->closing) return;
  session->closing = true;
  add_frame(house, (struct oh_frame){.session = session->id, .kind = OH_FRAME_ABORT});
}

bool oh_session_next_frame(struct oh_house *house, struct oh_frame *frame) {
  struct oh_frames *frames = &house->frames;
  if (frames->used == 0) return false;
  *frame = frames->items[frames->head];
  frames->head = (frames->head + 1) % frames->cap;
  frames->used--;
  return true;
}

void oh_session_fini(struct oh_house *house) {
  struct oh_frame frame;
  while (oh_session_next_frame(house, &frame))
    free(frame.data);
  free(house->frames.items);
  house->frames = (struct oh_frames){0};
}
