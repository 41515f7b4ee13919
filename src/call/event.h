// event.h — what buttons report about themselves (POST /api/voice/events): a fixed table of events, their
// fields, and which metric each counts in. What is not in the table is not taken, so that nothing a page
// sends can grow a metric or smuggle text about a person into the records. Sans-IO: JSON in, rows out.
//
//   {"site": "shop", "call": "…", "events": [{"name": "error", "ageMs": 1200, "code": "MIC_DENIED"}]}
//
// `site`: empty or absent is the default one. `call`: the callId of the token's answer, if there was one; it
// ties the events of a call together. `ageMs`: how long ago it was; pages' clocks are wrong, ours is not.
#pragma once
#include "base/bytes.h"
#include "base/text.h"
#include <stdint.h>

#define OH_EVENT_FIELDS_MAX 8
#define OH_EVENT_CALL_MAX 64

struct oh_event_field {
  const char *name;           // in JSON; NULL ends the list
  const char *const *choices; // NULL: a number between min and max
  double min, max;
  bool required; // without it, or with another value, the whole event is refused; else the field is left out
  bool label;    // a choice that the event's counter is kept apart by
  const char *metric, *help; // a number's histogram; neighbours with the same metric differ in …
  const char *phase;         // … their label phase="…"
  const double *bounds;      // upper bounds of its buckets, ended by 0
  double scale;              // from JSON's unit to the metric's
};
struct oh_event_kind {
  const char *name, *metric, *help; // metric without "offhook_" and "_total"
  struct oh_event_field fields[OH_EVENT_FIELDS_MAX + 1];
};
extern const struct oh_event_kind oh_event_kinds[];
extern const size_t oh_event_kind_count;

struct oh_event {
  const struct oh_event_kind *kind;
  int64_t age_ms;
  bool has[OH_EVENT_FIELDS_MAX];
  uint32_t choice[OH_EVENT_FIELDS_MAX]; // index into choices
  double number[OH_EVENT_FIELDS_MAX];
};
struct oh_event_batch {
  char site[64];                    // "" unless valid text was there
  char call[OH_EVENT_CALL_MAX + 1]; // likewise
  uint32_t count, refused;
  struct oh_event *events; // malloc'd
};

// False: not a JSON object with a list of events, or more than OH_EVENTS_MAX of them; nothing to free then.
bool oh_event_read(struct oh_bytes body, struct oh_event_batch *batch);
void oh_event_batch_fini(struct oh_event_batch *batch);
// The event's fields as one JSON object with nothing else in it, for the records.
void oh_event_write(const struct oh_event *event, struct oh_text *json);

// What kind of browser a User-Agent field names: families only, never a version ("firefox", "linux",
// "desktop").
struct oh_event_client {
  const char *browser, *os, *device;
};
struct oh_event_client oh_event_client_of(struct oh_str user_agent);
extern const char *const oh_event_browsers[], *const oh_event_systems[], *const oh_event_devices[];
