// agency.c — fuzzes the pool of agents' workers (livekit/agency.h) as a machine: the bytes are what several
// workers send, in any order, while rooms order and cancel jobs and time passes. What must hold: a job is
// told to its room in the end no more than once as over, and what the agency keeps is bounded by who is
// there.
//
// Input: records of {op, length (2 bytes, little endian), payload}. op % 8: 0–2 a worker says the payload,
// 3 it connects, 4 it goes, 5 a job is ordered, 6 one is cancelled or its agent
// joins, 7 time passes; op / 8 picks whom.
#include "livekit/agency.h"
#include "agent.pb-c.h"
#include "base/check.h"
#include "base/heap.h"
#include "livekit/json.h"
#include "livekit/message.h"
#include "tests/fuzz/repeatable.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { WORKERS = 4, JOBS = 32, RECORDS_MAX = 300 };
static const struct oh_key key = {.id = "APItest", .secret = "a secret of more than thirty-two characters"};

struct stage {
  struct oh_world world;
  uint64_t seed;
  struct oh_agency *agency;
  int64_t now_us;
  oh_id workers[WORKERS];
  bool over[JOBS], ordered[JOBS];
};

static void drain(struct stage *s) {
  struct oh_agency_frame frame;
  while (oh_agency_next_frame(s->agency, &frame)) {
    if (!frame.close) {
      const char *why;
      const ProtobufCMessageDescriptor *type = &livekit__server_message__descriptor;
      ProtobufCMessage *message =
          frame.text ? oh_json_read(type, (struct oh_str){(const char *)frame.data, frame.len}, &why)
                     : oh_message_read(type, frame.data, frame.len);
      OH_CHECK(message);
      oh_message_free(message);
    }
    free(frame.data);
  }
  struct oh_job_news news;
  while (oh_agency_next_news(s->agency, &news)) {
    Livekit__JobState *state =
        (Livekit__JobState *)oh_message_read(&livekit__job_state__descriptor, news.state, news.len);
    OH_CHECK(state);
    for (unsigned n = 0; n < JOBS; n++) { // a simulated one has an id of its own
      char id[16];
      snprintf(id, sizeof id, "AJ_%u", n);
      if (strcmp(id, news.job_id) != 0) continue;
      OH_CHECK(s->ordered[n] && !s->over[n]);
      s->over[n] = state->status != LIVEKIT__JOB_STATUS__JS_RUNNING;
    }
    oh_message_free(state);
    oh_job_news_fini(&news);
  }
}

static void order(struct stage *s, unsigned n, const uint8_t *payload, size_t len) {
  if (s->ordered[n]) return;
  char id[16], name[8] = "";
  snprintf(id, sizeof id, "AJ_%u", n);
  if (len && payload[0] & 1) name[0] = 'a';
  Livekit__Room room = LIVEKIT__ROOM__INIT;
  room.name = (char *)"den";
  Livekit__JobState state = LIVEKIT__JOB_STATE__INIT;
  Livekit__Job job = LIVEKIT__JOB__INIT;
  job.id = id;
  job.type = len > 1 ? payload[1] % 3 : LIVEKIT__JOB_TYPE__JT_ROOM;
  job.room = &room;
  job.state = &state;
  job.agent_name = name;
  size_t bytes_len;
  uint8_t *bytes = oh_message_write(&job.base, &bytes_len);
  s->ordered[n] = true;
  const struct oh_job_terms terms = {.waits = len && payload[0] & 2,
                                     .delay_us = len && payload[0] & 4 ? 1500000 : 0};
  oh_agency_order(s->agency, s->now_us, bytes, bytes_len, &terms);
  free(bytes);
}

static void step(struct stage *s, uint8_t op, const uint8_t *payload, size_t len) {
  unsigned who = op / 8 % WORKERS, job = op / 8 % JOBS;
  char id[16];
  switch (op % 8) {
  case 3:
    if (!s->workers[who]) s->workers[who] = oh_agency_connect(s->agency, s->now_us, &key);
    break;
  case 4:
    oh_agency_disconnected(s->agency, s->now_us, s->workers[who]);
    s->workers[who] = 0;
    break;
  case 5: order(s, job, payload, len); break;
  case 6:
    snprintf(id, sizeof id, "AJ_%u", job);
    if (len)
      oh_agency_joined(s->agency, id);
    else
      oh_agency_cancel(s->agency, s->now_us, id);
    break;
  case 7:
    s->now_us += (int64_t)len * 1000000;
    if (oh_agency_deadline(s->agency) <= s->now_us) oh_agency_tick(s->agency, s->now_us);
    break;
  default: oh_agency_recv(s->agency, s->now_us, s->workers[who], len % 64 == 63, payload, len);
  }
  drain(s);
  OH_CHECK(oh_agency_stats(s->agency).workers <= WORKERS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct stage s = {.now_us = 1};
  s.world.random = (struct oh_random){.fill = fill, .ctx = &s.seed};
  static const struct oh_agency_config config = {.server_version = "1.13.5", .node_id = "", .region = ""};
  s.agency = oh_agency_open(&s.world, &config);
  for (int n = 0; n < RECORDS_MAX && size >= 3; n++) {
    size_t len = (size_t)(data[1] | data[2] << 8);
    if (len > size - 3) len = size - 3;
    step(&s, data[0], data + 3, len);
    data += 3 + len;
    size -= 3 + len;
  }
  oh_agency_close(s.agency);
  return 0;
}
