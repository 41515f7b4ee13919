// event.c — see event.h
#include "call/event.h"
#include "base/check.h"
#include "base/limits.h"
#include <jansson.h>
#include <stdlib.h>

#define DAY_MS 86400000.0

// The states of the button's machine (web/packages/core/src/machine.ts).
static const char *const states[] = {"idle",      "opening",      "priming",     "requesting-mic",
                                     "checking",  "connecting",   "ringing",     "queued",
                                     "connected", "reconnecting", "interrupted", "ending",
                                     "ended",     "missed",       "failed",      NULL};
// The codes that button, server and documentation share.
static const char *const codes[] = {
    "MIC_DENIED",      "MIC_DENIED_SYSTEM", "MIC_NOT_FOUND",       "MIC_IN_USE",         "MIC_SILENT",
    "OUTPUT_BLOCKED",  "INSECURE_CONTEXT",  "BROWSER_UNSUPPORTED", "POLICY_BLOCKED",     "TOKEN_HTTP",
    "TOKEN_INVALID",   "TOKEN_EXPIRED",     "AUTH_REQUIRED",       "AUTH_FORBIDDEN",     "ORIGIN_DENIED",
    "SITE_UNKNOWN",    "PROOF_REQUIRED",    "RATE_LIMITED",        "BUDGET_EXCEEDED",    "SITE_PAUSED",
    "CLOSED",          "CAPACITY",          "SIGNAL_FAILED",       "SIGNAL_TIMEOUT",     "ICE_FAILED",
    "NET_UDP_BLOCKED", "NET_OFFLINE",       "DTLS_FAILED",         "MEDIA_STALLED",      "PEER_LEFT",
    "NO_ANSWER",       "DECLINED",          "AGENT_TIMEOUT",       "DUPLICATE_IDENTITY", "ROOM_CLOSED",
    "KICKED",          "MAX_DURATION",      "SERVER_DRAINING",     "INTERNAL",           NULL};
static const char *const variants[] = {"floating", "inline", "headless", "embed", "link", NULL};
static const char *const permissions[] = {"granted", "denied", "dismissed", "missing", "busy", NULL};
static const char *const methods[] = {"prompt", "element", "remembered", NULL};
static const char *const routes[] = {"udp", "tcp", "relay", NULL};
static const char *const causes[] = {"network", "signal", "media", "server", "sleep", "reload", NULL};
static const char *const results[] = {"resumed", "rejoined", "failed", NULL};
static const char *const verdicts[] = {"ready", "degraded", "blocked", NULL};
static const char *const reasons[] = {"hangup", "remote", "missed", "failed", "left-page", NULL};
static const char *const warnings[] = {"muted-talking", "mic-silent", "not-heard",       "network-you",
                                       "network-them",  "slow",       "switching-route", "low-data",
                                       "media-stalled", NULL};
static const char *const controls[] = {
    "mute",         "unmute",       "speaker-on", "speaker-off", "input",   "output",
    "volume",       "push-to-talk", "low-data",   "retry",       "tel",     "sign-in",
    "copy-details", "take-over",    "language",   "privacy",     "dismiss", NULL};

static const double setup_bounds[] = {.05, .1, .2, .3, .5, .8, 1.2, 2, 3, 5, 8, 15, 30, 0};
static const double path_bounds[] = {.005, .01, .02, .05, .1, .15, .2, .3, .5, 1, 2, 0};
static const double ratio_bounds[] = {.001, .005, .01, .02, .05, .1, .2, .5, 0};
static const double mos_bounds[] = {1.5, 2, 2.5, 3, 3.2, 3.5, 3.8, 4, 4.2, 4.4, 0};
static const double duration_bounds[] = {5, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 0};

#define CHOICE(field, of)                                                                                    \
  { .name = field, .choices = of }
#define LABEL(field, of)                                                                                     \
  { .name = field, .choices = of, .label = true }
#define NEEDED(field, of)                                                                                    \
  { .name = field, .choices = of, .label = true, .required = true }
#define SETUP(field, part)                                                                                   \
  {                                                                                                          \
    .name = field, .max = 600000, .metric = "call_setup_seconds", .help = "from the tap, and parts of it",   \
    .phase = part, .bounds = setup_bounds, .scale = .001                                                     \
  }
#define NUMBER(field, most, in, text, at, by)                                                                \
  { .name = field, .max = most, .metric = in, .help = text, .bounds = at, .scale = by }

const struct oh_event_kind oh_event_kinds[] = {
    {"impression", "widget_impressions", "buttons shown", {LABEL("variant", variants)}},
    {"open", "widget_opens", "panels opened", {LABEL("variant", variants)}},
    {"close", "widget_closes", "panels closed", {LABEL("state", states)}},
    {"start", "call_starts", "calls begun by a visitor", {LABEL("variant", variants)}},
    {"state", "widget_states", "states that calls came into", {NEEDED("to", states), CHOICE("from", states)}},
    {"permission",
     "mic_permission",
     "answers to the microphone question",
     {NEEDED("result", permissions), LABEL("method", methods),
      NUMBER("waitMs", 3600000, "mic_permission_seconds", "until it was answered", setup_bounds, .001)}},
    {"connected",
     "call_connected",
     "calls in which both sides could hear",
     {LABEL("route", routes), SETUP("permissionMs", "permission"), SETUP("tokenMs", "token"),
      SETUP("signalMs", "signal"), SETUP("mediaMs", "media"), SETUP("totalMs", "total")}},
    {"reconnecting", "reconnect_starts", "connections lost in a call", {LABEL("cause", causes)}},
    {"reconnected",
     "reconnects",
     "ends of reconnecting",
     {NEEDED("result", results), LABEL("cause", causes),
      NUMBER("ms", 3600000, "reconnect_seconds", "until it was over", setup_bounds, .001)}},
    {"quality",
     "quality_reports",
     "reports of what a visitor's browser measured",
     {LABEL("route", routes), NUMBER("rttMs", 60000, "rtt_seconds", "round trip of media", path_bounds, .001),
      NUMBER("jitterMs", 60000, "jitter_seconds", "jitter of what is heard", path_bounds, .001),
      NUMBER("lossPct", 100, "packet_loss_ratio", "lost packets of what is heard", ratio_bounds, .01),
      NUMBER("concealedPct", 100, "concealed_ratio", "sound made up by the decoder", ratio_bounds, .01),
      NUMBER("mos", 5, "mos", "estimated opinion, 1 to 5", mos_bounds, 1)}},
    {"warning", "widget_warnings", "hints shown in a call", {NEEDED("warning", warnings)}},
    {"error", "call_failures", "calls that failed", {NEEDED("code", codes), LABEL("phase", states)}},
    {"ended",
     "call_ends",
     "calls that were over",
     {LABEL("reason", reasons),
      NUMBER("durationS", 604800, "call_duration_seconds", "of calls", duration_bounds, 1)}},
    {"preflight",
     "preflights",
     "network checks before a call",
     {NEEDED("verdict", verdicts), LABEL("route", routes), CHOICE("code", codes),
      NUMBER("rttMs", 60000, "preflight_rtt_seconds", "measured by them", path_bounds, .001)}},
    {"control", "widget_controls", "uses of what the panel offers", {NEEDED("control", controls)}},
};
const size_t oh_event_kind_count = sizeof oh_event_kinds / sizeof oh_event_kinds[0];

// ---- reading

static bool read_choice(const struct oh_event_field *field, const json_t *value, uint32_t *choice) {
  struct oh_str text = {json_string_value(value), json_string_length(value)};
  if (!text.data) return false;
  for (uint32_t i = 0; field->choices[i]; i++)
    if (oh_str_eq(text, oh_str(field->choices[i]))) return *choice = i, true;
  return false;
}

static bool read_number(const struct oh_event_field *field, const json_t *value, double *number) {
  *number = json_number_value(value);
  return json_is_number(value) && *number >= field->min && *number <= field->max;
}

static const struct oh_event_kind *find_kind(const json_t *object) {
  const char *name = json_string_value(json_object_get(object, "name"));
  for (size_t i = 0; name && i < oh_event_kind_count; i++)
    if (strcmp(name, oh_event_kinds[i].name) == 0) return &oh_event_kinds[i];
  return NULL;
}

static bool read_event(const json_t *object, struct oh_event *event) {
  *event = (struct oh_event){.kind = find_kind(object)};
  if (!event->kind) return false;
  double age = json_number_value(json_object_get(object, "ageMs")); // 0 if absent
  event->age_ms = age > 0 && age <= DAY_MS ? (int64_t)age : 0;
  for (size_t i = 0; event->kind->fields[i].name; i++) {
    const struct oh_event_field *field = &event->kind->fields[i];
    const json_t *value = json_object_get(object, field->name);
    event->has[i] = field->choices ? read_choice(field, value, &event->choice[i])
                                   : read_number(field, value, &event->number[i]);
    if (field->required && !event->has[i]) return false;
  }
  return true;
}

// Letters of an id only; anything else leaves `out` empty.
static void read_id(const json_t *value, char *out, size_t cap) {
  struct oh_str text = {json_string_value(value), json_string_length(value)};
  *out = 0;
  if (!text.data || text.len >= cap) return;
  for (size_t i = 0; i < text.len; i++) {
    char c = text.data[i];
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_'))
      return;
  }
  memcpy(out, text.data, text.len);
  out[text.len] = 0;
}

bool oh_event_read(struct oh_bytes body, struct oh_event_batch *batch) {
  *batch = (struct oh_event_batch){0};
  json_t *root = json_loadb((const char *)body.data, body.len, JSON_REJECT_DUPLICATES, NULL);
  const json_t *list = json_object_get(root, "events"), *site = json_object_get(root, "site");
  size_t count = json_array_size(list);
  bool ok = json_is_array(list) && count <= OH_EVENTS_MAX;
  if (ok) {
    read_id(site, batch->site, sizeof batch->site);
    // A site that cannot be one is not the default one.
    ok = !site || json_is_null(site) || *batch->site ||
         (json_is_string(site) && json_string_length(site) == 0);
    read_id(json_object_get(root, "call"), batch->call, sizeof batch->call);
  }
  if (ok && count) {
    batch->events = calloc(count, sizeof *batch->events);
    OH_CHECK(batch->events);
    for (size_t i = 0; i < count; i++)
      if (read_event(json_array_get(list, i), &batch->events[batch->count])) batch->count++;
    batch->refused = (uint32_t)count - batch->count;
  }
  json_decref(root);
  return ok;
}

void oh_event_batch_fini(struct oh_event_batch *batch) {
  free(batch->events);
  *batch = (struct oh_event_batch){0};
}

void oh_event_write(const struct oh_event *event, struct oh_text *json) {
  const char *comma = "";
  oh_text_addc(json, '{');
  for (size_t i = 0; event->kind->fields[i].name; i++) {
    const struct oh_event_field *field = &event->kind->fields[i];
    if (!event->has[i]) continue;
    oh_text_addf(json, "%s\"%s\":", comma, field->name);
    comma = ",";
    if (field->choices)
      oh_text_addf(json, "\"%s\"", field->choices[event->choice[i]]);
    else
      oh_text_addf(json, "%.6g", event->number[i]);
  }
  oh_text_addc(json, '}');
}

// ---- clients

const char *const oh_event_browsers[] = {"chrome", "edge",    "firefox", "safari",
                                         "opera",  "samsung", "other",   NULL};
const char *const oh_event_systems[] = {"windows", "macos",    "linux", "android",
                                        "ios",     "chromeos", "other", NULL};
const char *const oh_event_devices[] = {"desktop", "mobile", NULL};

static bool has(struct oh_str text, const char *part) {
  return text.len && memmem(text.data, text.len, part, strlen(part));
}

struct oh_event_client oh_event_client_of(struct oh_str agent) {
  // In this order: browsers name those they descend from, too.
  static const struct {
    const char *mark;
    unsigned which;
  } browsers[] = {{"Edg", 1},    {"OPR/", 4},    {"SamsungBrowser/", 5}, {"Firefox/", 2}, {"FxiOS/", 2},
                  {"CriOS/", 0}, {"Chrome/", 0}, {"Chromium/", 0},       {"Safari/", 3}},
    systems[] = {{"Android", 3}, {"iPhone", 4},   {"iPad", 4}, {"CrOS", 5},
                 {"Windows", 0}, {"Mac OS X", 1}, {"Linux", 2}};
  unsigned browser = 6, os = 6;
  for (size_t i = 0; browser == 6 && i < sizeof browsers / sizeof browsers[0]; i++)
    if (has(agent, browsers[i].mark)) browser = browsers[i].which;
  for (size_t i = 0; os == 6 && i < sizeof systems / sizeof systems[0]; i++)
    if (has(agent, systems[i].mark)) os = systems[i].which;
  return (struct oh_event_client){.browser = oh_event_browsers[browser],
                                  .os = oh_event_systems[os],
                                  .device = oh_event_devices[has(agent, "Mobi") || os == 3 || os == 4]};
}
