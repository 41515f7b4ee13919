// config_keys.c — see config_keys.h
#include "app/config_keys.h"
#include "base/check.h"
#include <stddef.h>
#include <stdlib.h>

#define KEY(field) offsetof(struct oh_config, field)
#define NO_LIMIT UINT32_MAX

const struct oh_config_key oh_config_keys[] = {
    {.path = "port",
     .type = OH_CONFIG_NUMBER,
     .offset = KEY(port),
     .max = 65535,
     .initial = "7880",
     .help = "TCP port for the page, the API and signalling; 0 takes a free one"},
    {.path = "bind_addresses",
     .flag = "bind",
     .type = OH_CONFIG_LIST,
     .offset = KEY(bind_addresses),
     .help = "addresses to listen on; default: all, or loopback only with a development key"},
    {.path = "trusted_proxies",
     .type = OH_CONFIG_LIST,
     .offset = KEY(trusted_proxies),
     .reload = true,
     .help = "proxies (besides this machine's own) whose X-Forwarded-For is believed for budgets"},
    {.path = "keys",
     .env = "LIVEKIT_KEYS",
     .type = OH_CONFIG_MAP,
     .offset = KEY(keys),
     .secret = true,
     .reload = true,
     .help = "API keys and their secrets, `id: secret`; the first one signs our own tokens"},
    {.path = "key_file",
     .type = OH_CONFIG_STRING,
     .offset = KEY(key_file),
     .reload = true,
     .help = "file with more `id: secret` lines, readable by its owner only"},
    {.path = "api_key",
     .env = "LIVEKIT_API_KEY",
     .type = OH_CONFIG_STRING,
     .offset = KEY(api_key),
     .reload = true,
     .help = "the API key that signs our own tokens (with api_secret)"},
    {.path = "api_secret",
     .env = "LIVEKIT_API_SECRET",
     .type = OH_CONFIG_STRING,
     .offset = KEY(api_secret),
     .secret = true,
     .reload = true,
     .help = "its secret, at least 32 characters"},
    {.path = "livekit_host",
     .env = "LIVEKIT_HOST",
     .type = OH_CONFIG_STRING,
     .offset = KEY(livekit_host),
     .help =
         "URL of another LiveKit server that carries the calls; this one then only serves page and tokens"},
    {.path = "public_url",
     .type = OH_CONFIG_STRING,
     .offset = KEY(public_url),
     .reload = true,
     .help = "URL under which visitors reach this server; default: from each request's Host"},
    {.path = "region",
     .env = "LIVEKIT_REGION",
     .type = OH_CONFIG_STRING,
     .offset = KEY(region),
     .initial = "",
     .help = "name of the region told to clients"},
    {.path = "workers",
     .type = OH_CONFIG_NUMBER,
     .offset = KEY(workers),
     .max = 64,
     .initial = "0",
     .help = "worker threads; 0 is one per processor core"},
    {.path = "drain_timeout",
     .type = OH_CONFIG_NUMBER,
     .offset = KEY(drain_timeout_s),
     .max = 86400,
     .unit = "s",
     .initial = "60",
     .reload = true,
     .help = "how long SIGTERM waits for calls to end before it moves them"},
    {.path = "rtc.udp_port",
     .env = "UDP_PORT",
     .type = OH_CONFIG_NUMBER,
     .offset = KEY(rtc.udp_port),
     .max = 65535,
     .flag = "udp-port",
     .initial = "7882",
     .help = "first UDP media port; worker n uses this + n; 0 takes free ones"},
    {.path = "rtc.tcp_port",
     .type = OH_CONFIG_NUMBER,
     .offset = KEY(rtc.tcp_port),
     .max = 65535,
     .flag = "tcp-port",
     .initial = "7882",
     .help = "first TCP media port (ICE-TCP); worker n uses this + n; 0 takes free ones"},
    {.path = "rtc.node_ip",
     .env = "NODE_IP",
     .type = OH_CONFIG_LIST,
     .offset = KEY(rtc.node_ip),
     .flag = "node-ip",
     .help = "addresses told to browsers for media (a public one behind 1:1 NAT); default: those of the "
             "interfaces"},
    {.path = "rtc.bind_addresses",
     .type = OH_CONFIG_LIST,
     .offset = KEY(rtc.bind_addresses),
     .help = "addresses for media sockets; default: all (they are silent to strangers)"},
    {.path = "rtc.stun_servers",
     .type = OH_CONFIG_LIST,
     .offset = KEY(rtc.stun_servers),
     .help = "STUN servers (host:port) told to browsers; usually none is needed"},
    {.path = "rtc.enable_loopback_candidate",
     .type = OH_CONFIG_BOOL,
     .offset = KEY(rtc.enable_loopback_candidate),
     .initial = "false",
     .help = "also tell browsers 127.0.0.1"},
    {.path = "rtc.allow_tcp_fallback",
     .type = OH_CONFIG_BOOL,
     .offset = KEY(rtc.allow_tcp_fallback),
     .initial = "true",
     .help = "offer media over TCP to those whose network blocks UDP"},
    {.path = "room.auto_create",
     .type = OH_CONFIG_BOOL,
     .offset = KEY(room.auto_create),
     .initial = "true",
     .help = "a room is made by the first who joins it"},
    {.path = "room.empty_timeout",
     .type = OH_CONFIG_NUMBER,
     .offset = KEY(room.empty_timeout_s),
     .max = NO_LIMIT,
     .unit = "s",
     .initial = "300",
     .help = "a room that nobody joined ends after this"},
    {.path = "room.departure_timeout",
     .type = OH_CONFIG_NUMBER,
     .offset = KEY(room.departure_timeout_s),
     .max = NO_LIMIT,
     .unit = "s",
     .initial = "20",
     .help = "a room that everybody left ends after this"},
    {.path = "room.max_participants",
     .type = OH_CONFIG_NUMBER,
     .offset = KEY(room.max_participants),
     .max = 100000,
     .initial = "0",
     .help = "participants per room; 0 is no limit"},
    {.path = "room.enable_remote_unmute",
     .type = OH_CONFIG_BOOL,
     .offset = KEY(room.enable_remote_unmute),
     .initial = "false",
     .help = "the server API may unmute a participant"},
    {.path = "audio.active_level",
     .type = OH_CONFIG_NUMBER,
     .offset = KEY(audio.active_level),
     .max = 127,
     .initial = "35",
     .help = "louder than -this dBov counts as speaking"},
    {.path = "audio.min_percentile",
     .type = OH_CONFIG_NUMBER,
     .offset = KEY(audio.min_percentile),
     .max = 100,
     .initial = "40",
     .help = "per cent of an interval that must be loud"},
    {.path = "audio.update_interval",
     .type = OH_CONFIG_NUMBER,
     .offset = KEY(audio.update_interval_ms),
     .min = 50,
     .max = 60000,
     .unit = "ms",
     .initial = "400",
     .help = "how often speakers are computed"},
    {.path = "audio.smooth_intervals",
     .type = OH_CONFIG_NUMBER,
     .offset = KEY(audio.smooth_intervals),
     .max = 100,
     .initial = "2",
     .help = "intervals over which levels are smoothed"},
    {.path = "logging.level",
     .type = OH_CONFIG_STRING,
     .offset = KEY(logging.level),
     .flag = "log-level",
     .initial = "info",
     .choices = "debug|info|warn|error",
     .reload = true,
     .help = "least level that is written"},
    {.path = "logging.json",
     .type = OH_CONFIG_BOOL,
     .offset = KEY(logging.json),
     .flag = "log-json",
     .initial = "false",
     .help = "one JSON object per line instead of text"},
    {.path = "limit.rooms",
     .type = OH_CONFIG_NUMBER,
     .offset = KEY(limit.rooms),
     .min = 1,
     .max = 1000000,
     .initial = "4096",
     .help = "rooms per worker"},
    {.path = "limit.participants",
     .type = OH_CONFIG_NUMBER,
     .offset = KEY(limit.participants),
     .min = 1,
     .max = 1000000,
     .initial = "8192",
     .help = "participants per worker"},
    {.path = "limit.connections",
     .type = OH_CONFIG_NUMBER,
     .offset = KEY(limit.connections),
     .min = 1,
     .max = 1000000,
     .initial = "20000",
     .help = "HTTP and WebSocket connections per worker"},
    {.path = "limit.connections_per_address",
     .type = OH_CONFIG_NUMBER,
     .offset = KEY(limit.connections_per_address),
     .min = 1,
     .max = 1000000,
     .initial = "512",
     .help = "of these from one address (IPv6: one /64)"},
    {.path = "limit.echo_partners",
     .type = OH_CONFIG_NUMBER,
     .offset = KEY(limit.echo_partners),
     .min = 1,
     .max = 10000,
     .initial = "256",
     .help = "calls with the echo partner at a time, per worker; 100 KB each while they last"},
    {.path = "voice.token_api",
     .type = OH_CONFIG_BOOL,
     .offset = KEY(voice.token_api),
     .initial = "true",
     .reload = true,
     .help = "answer POST /api/voice/token and /api/voice/invite"},
    {.path = "voice.token_ttl",
     .env = "OFFHOOK_TOKEN_TTL",
     .type = OH_CONFIG_NUMBER,
     .offset = KEY(voice.token_ttl_s),
     .min = 30,
     .max = 86400,
     .unit = "s",
     .initial = "3600",
     .reload = true,
     .help = "lifetime of a visitor's token"},
    {.path = "voice.invite_ttl",
     .type = OH_CONFIG_NUMBER,
     .offset = KEY(voice.invite_ttl_s),
     .min = 30,
     .max = 86400,
     .unit = "s",
     .initial = "3600",
     .reload = true,
     .help = "lifetime of an invitation to a two-person call"},
    {.path = "voice.allowed_origins",
     .env = "OFFHOOK_ALLOWED_ORIGINS",
     .type = OH_CONFIG_LIST,
     .offset = KEY(voice.allowed_origins),
     .reload = true,
     .help = "other sites whose pages may ask for tokens (https://example.org, https://*.example.org); own "
             "origin always may"},
    {.path = "voice.per_address_budget",
     .type = OH_CONFIG_NUMBER,
     .offset = KEY(voice.per_address_budget),
     .max = 1000000,
     .initial = "60",
     .reload = true,
     .help = "tokens and invitations per minute and address (IPv6: one /64); 0 is no limit"},
    {.path = "voice.echo",
     .type = OH_CONFIG_BOOL,
     .offset = KEY(voice.echo),
     .initial = "true",
     .reload = true,
     .help = "the echo partner answers calls that have no invitation"},
    {.path = "tls.cert",
     .type = OH_CONFIG_STRING,
     .offset = KEY(tls.cert),
     .reload = true,
     .help = "PEM certificate chain; `port` then speaks TLS"},
    {.path = "tls.key",
     .type = OH_CONFIG_STRING,
     .offset = KEY(tls.key),
     .reload = true,
     .help = "its PEM key"},
    {.path = "admin.port",
     .type = OH_CONFIG_NUMBER,
     .offset = KEY(admin.port),
     .max = 65535,
     .initial = "7879",
     .help = "TCP port for /metrics; 0 takes a free one"},
    {.path = "admin.bind",
     .type = OH_CONFIG_STRING,
     .offset = KEY(admin.bind),
     .initial = "127.0.0.1",
     .help = "address for /metrics; it is not protected, keep it private"},
};
const size_t oh_config_key_count = sizeof oh_config_keys / sizeof oh_config_keys[0];

// LiveKit's keys that we know and do not serve: better an explanation than a guess at a typing mistake.
static const struct {
  const char *prefix, *why;
} not_served[] = {
    {"redis", "one machine carries all calls, there is no cluster to join"},
    {"turn", "media over TCP is built in (rtc.tcp_port); run coturn beside it if you need TURN over TLS"},
    {"webhook", "webhooks are not sent yet"},
    {"ingress", "there is no ingress service"},
    {"egress", "there is no egress service"},
    {"prometheus_port", "metrics are under admin.port"},
    {"prometheus", "metrics are under admin.port and admin.bind"},
    {"rtc.port_range_start", "one UDP port per worker is enough: rtc.udp_port"},
    {"rtc.port_range_end", "one UDP port per worker is enough: rtc.udp_port"},
    {"rtc.use_external_ip", "we ask nobody on the Internet; put the public address into rtc.node_ip"},
    {"rtc.turn_servers", "no TURN credentials are handed out yet"},
    {"node_selector", "there is one node"},
    {"signal_relay", "there is one node"},
    {"video", "this server carries voice only"},
};

const char *oh_config_why_not(struct oh_str path) {
  for (size_t i = 0; i < sizeof not_served / sizeof not_served[0]; i++) {
    struct oh_str prefix = oh_str(not_served[i].prefix);
    if (oh_str_starts(path, prefix) && (path.len == prefix.len || path.data[prefix.len] == '.'))
      return not_served[i].why;
  }
  return NULL;
}

const struct oh_config_key *oh_config_find(struct oh_str path) {
  for (size_t i = 0; i < oh_config_key_count; i++)
    if (oh_str_eq(oh_str(oh_config_keys[i].path), path)) return &oh_config_keys[i];
  return NULL;
}

// Levenshtein distance over at most 63 characters each.
static size_t edit_distance(struct oh_str a, struct oh_str b) {
  size_t row[64];
  if (a.len > 63) a.len = 63;
  if (b.len > 63) b.len = 63;
  for (size_t j = 0; j <= b.len; j++)
    row[j] = j;
  for (size_t i = 1; i <= a.len; i++) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.len; j++) {
      size_t best = diagonal + (a.data[i - 1] != b.data[j - 1]);
      if (row[j] + 1 < best) best = row[j] + 1;
      if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
      diagonal = row[j];
      row[j] = best;
    }
  }
  return row[b.len];
}

const char *oh_config_nearest(struct oh_str path) {
  const char *nearest = NULL;
  size_t least = SIZE_MAX;
  for (size_t i = 0; i < oh_config_key_count; i++) {
    size_t distance = edit_distance(path, oh_str(oh_config_keys[i].path));
    const char *leaf = strrchr(oh_config_keys[i].path, '.');
    if (leaf && !memchr(path.data, '.', path.len)) { // "udp_port" at the top is one step from rtc.udp_port
      size_t to_leaf = edit_distance(path, oh_str(leaf + 1)) + 1;
      if (to_leaf < distance) distance = to_leaf;
    }
    if (distance < least) least = distance, nearest = oh_config_keys[i].path;
  }
  return least <= 3 + path.len / 2 ? nearest : NULL;
}

void oh_config_env_name(const struct oh_config_key *key, char out[80]) {
  int len = snprintf(out, 80, "OFFHOOK_%s", key->path);
  for (int i = 8; i < len; i++)
    out[i] = out[i] == '.' ? '_' : (char)(out[i] >= 'a' && out[i] <= 'z' ? out[i] - 32 : out[i]);
}

void oh_config_flag_name(const struct oh_config_key *key, char out[80]) {
  int len = snprintf(out, 80, "--%s", key->path);
  for (int i = 2; i < len; i++)
    if (out[i] == '.' || out[i] == '_') out[i] = '-';
}

static void note_source(struct oh_config *config, const struct oh_config_key *key, const char *source) {
  size_t index = (size_t)(key - oh_config_keys);
  free(config->sources[index]);
  config->sources[index] = source ? oh_str_dup(oh_str(source)) : NULL;
}

static bool read_bool(struct oh_str value, bool *out) {
  static const char *const words[] = {"false", "true", "no", "yes", "off", "on", "0", "1"};
  for (size_t i = 0; i < 8; i++)
    if (oh_str_eq_nocase(value, oh_str(words[i]))) return *out = i % 2, true;
  return false;
}

// Digits, or for times digits and a unit; *out in the key's own unit.
static bool read_number(const struct oh_config_key *key, struct oh_str value, uint32_t *out) {
  static const struct {
    const char *suffix;
    uint64_t ms;
  } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
  uint64_t n, scale = 1, divide = 1;
  size_t digits = 0;
  while (digits < value.len && value.data[digits] >= '0' && value.data[digits] <= '9')
    digits++;
  struct oh_str suffix = {value.data + digits, value.len - digits};
  if (suffix.len) {
    size_t u = 0;
    while (u < 5 && !oh_str_eq(suffix, oh_str(units[u].suffix)))
      u++;
    if (!key->unit || u == 5) return false;
    scale = units[u].ms;
    divide = strcmp(key->unit, "s") == 0 ? 1000 : 1;
  }
  if (!oh_str_to_u64((struct oh_str){value.data, digits}, UINT32_MAX, &n)) return false;
  if (n * scale % divide) return false;
  n = n * scale / divide;
  if (n < key->min || n > key->max) return false;
  *out = (uint32_t)n;
  return true;
}

static bool is_choice(const char *choices, struct oh_str value) {
  struct oh_str rest = oh_str(choices);
  while (rest.len)
    if (oh_str_eq(oh_str_cut(&rest, '|'), value)) return true;
  return false;
}

void oh_config_begin_list(struct oh_config *config, const struct oh_config_key *key, const char *source) {
  struct oh_strings *list = oh_config_at(config, key);
  for (size_t i = 0; i < list->count; i++) {
    explicit_bzero(list->items[i], strlen(list->items[i]));
    free(list->items[i]);
  }
  free(list->items);
  *list = (struct oh_strings){0};
  note_source(config, key, source);
}

bool oh_config_add_item(struct oh_config *config, const struct oh_config_key *key, struct oh_str item) {
  struct oh_strings *list = oh_config_at(config, key);
  if (list->count == 256) return false; // nobody configures more than a handful
  list->items = reallocarray(list->items, list->count + 1, sizeof *list->items);
  OH_CHECK(list->items);
  list->items[list->count++] = oh_str_dup(item);
  return true;
}

static bool set_list(struct oh_config *config, const struct oh_config_key *key, struct oh_str value,
                     const char *source) {
  oh_config_begin_list(config, key, source);
  while (value.len) {
    struct oh_str item = oh_str_trim(oh_str_cut(&value, key->type == OH_CONFIG_MAP ? '\n' : ','));
    if (item.len && item.data[item.len - 1] == '\r') item.len--;
    if (item.len && !oh_config_add_item(config, key, item)) return false;
  }
  return true;
}

bool oh_config_set(struct oh_config *config, const struct oh_config_key *key, struct oh_str value,
                   const char *source, char error[OH_CONFIG_ERROR_MAX]) {
  void *at = oh_config_at(config, key);
  const char *where = source ? source : "default";
  bool ok = false;
  switch (key->type) {
  case OH_CONFIG_BOOL:
    ok = read_bool(value, at);
    if (!ok) snprintf(error, OH_CONFIG_ERROR_MAX, "%s: %s is true or false", where, key->path);
    break;
  case OH_CONFIG_NUMBER:
    ok = read_number(key, value, at);
    if (!ok)
      snprintf(error, OH_CONFIG_ERROR_MAX, "%s: %s is a number from %u to %u%s", where, key->path, key->min,
               key->max,
               !key->unit          ? ""
               : *key->unit == 'm' ? " (ms, or with unit)"
                                   : " (s, or with unit: 5m)");
    break;
  case OH_CONFIG_STRING:
    ok = !memchr(value.data, 0, value.len) && (!key->choices || is_choice(key->choices, value));
    if (!ok) {
      snprintf(error, OH_CONFIG_ERROR_MAX, "%s: %s is one of %s", where, key->path,
               key->choices ? key->choices : "text without NUL");
      break;
    }
    free(*(char **)at);
    *(char **)at = oh_str_dup(value);
    break;
  case OH_CONFIG_LIST:
  case OH_CONFIG_MAP:
    ok = set_list(config, key, value, source);
    if (!ok) snprintf(error, OH_CONFIG_ERROR_MAX, "%s: %s has too many items", where, key->path);
    break;
  }
  if (ok) note_source(config, key, source);
  return ok;
}
