// log_sink.c — see log_sink.h
#include "app/log_sink.h"
#include "io/clock.h"
#include <time.h>
#include <unistd.h>

#define LINE_MAX_BYTES 8192

static const char *const level_names[] = {"debug", "info", "warn", "error"};

enum oh_log_level oh_log_level_of(const char *name) {
  for (int i = 0; i < 4; i++)
    if (name && strcmp(name, level_names[i]) == 0) return (enum oh_log_level)i;
  return OH_LOG_INFO;
}

static bool is_token_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

// The length of a secret at the start of s: the value of a parameter that carries one, or a JWT ("eyJ" is
// base64url for `{"`). *keep is how much of it may be shown.
static size_t secret_len(struct oh_str s, size_t *keep) {
  static const char *const names[] = {"access_token=", "join_request=", "invite=", "Bearer ", "secret="};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    struct oh_str name = oh_str(names[i]);
    if (!oh_str_starts(s, name)) continue;
    size_t len = name.len;
    while (len < s.len && s.data[len] != '&' && s.data[len] != ' ' && s.data[len] != '"')
      len++;
    *keep = name.len;
    return len;
  }
  if (!oh_str_starts(s, OH_STR("eyJ"))) return 0;
  size_t len = 0, dots = 0;
  while (len < s.len && (is_token_char(s.data[len]) || s.data[len] == '.'))
    dots += s.data[len++] == '.';
  *keep = 0;
  return dots >= 1 ? len : 0;
}

static void add_scrubbed(struct oh_text *out, struct oh_str s, bool json) {
  for (size_t at = 0; at < s.len;) {
    size_t keep, secret = secret_len((struct oh_str){s.data + at, s.len - at}, &keep);
    if (secret) {
      oh_text_add(out, (struct oh_str){s.data + at, keep});
      oh_text_adds(out, "(redacted)");
      at += secret;
      continue;
    }
    char c = s.data[at++];
    if ((unsigned char)c < 0x20 || c == 0x7f)
      oh_text_addc(out, '?');
    else if (json && (c == '"' || c == '\\'))
      oh_text_addf(out, "\\%c", c);
    else
      oh_text_addc(out, c);
  }
}

// Is there a "key=" at s? Then its length without the '='.
static size_t key_len(struct oh_str s) {
  size_t len = 0;
  while (len < s.len && ((s.data[len] >= 'a' && s.data[len] <= 'z') || s.data[len] == '_'))
    len++;
  return len > 0 && len < s.len && s.data[len] == '=' ? len : 0;
}

// Cuts the next "key=value" off; a value lasts until the next " key=".
static bool next_field(struct oh_str *rest, struct oh_str *key, struct oh_str *value) {
  *rest = oh_str_trim(*rest);
  if (rest->len == 0) return false;
  size_t len = key_len(*rest);
  *key = (struct oh_str){rest->data, len};
  size_t start = len ? len + 1 : 0, end = start;
  while (end < rest->len &&
         !(rest->data[end] == ' ' && key_len((struct oh_str){rest->data + end + 1, rest->len - end - 1})))
    end++;
  *value = (struct oh_str){rest->data + start, end - start};
  *rest = (struct oh_str){rest->data + end, rest->len - end};
  return true;
}

void oh_log_format(bool json, int64_t unix_us, enum oh_log_level level, const char *thread,
                   const char *message, const char *fields, uint32_t dropped, struct oh_text *line) {
  struct tm parts;
  time_t seconds = (time_t)(unix_us / 1000000);
  char stamp[32];
  gmtime_r(&seconds, &parts);
  strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &parts);
  int millis = (int)(unix_us / 1000 % 1000);
  if (json)
    oh_text_addf(line, "{\"time\":\"%s.%03dZ\",\"level\":\"%s\",\"thread\":\"%s\",\"message\":\"", stamp,
                 millis, level_names[level], thread);
  else
    oh_text_addf(line, "%s.%03dZ %-5s ", stamp, millis, level_names[level]);
  add_scrubbed(line, oh_str(message), json);
  if (json) oh_text_addc(line, '"');
  struct oh_str rest = oh_str(fields), key, value;
  while (next_field(&rest, &key, &value)) {
    if (key.len == 0) key = OH_STR("detail");
    bool quoted = json || value.len == 0 || memchr(value.data, ' ', value.len);
    oh_text_addf(line, json ? ",\"%.*s\":" : " %.*s=", OH_STR_ARG(key));
    if (quoted) oh_text_addc(line, '"');
    add_scrubbed(line, value, quoted);
    if (quoted) oh_text_addc(line, '"');
  }
  if (dropped) oh_text_addf(line, json ? ",\"repeats_left_out\":%u" : " (and %u more like it)", dropped);
  oh_text_adds(line, json ? "}\n" : "\n");
}

static uint64_t hash_of(const char *message) { // FNV-1a; the messages are our own
  uint64_t hash = 0xcbf29ce484222325u;
  for (; *message; message++)
    hash = (hash ^ (uint8_t)*message) * 0x100000001b3u;
  return hash;
}

static void sink_line(void *ctx, enum oh_log_level level, const char *message, const char *fields) {
  struct oh_log_sink *sink = ctx;
  int64_t now_us = oh_clock_us();
  uint64_t hash = hash_of(message);
  size_t row = hash % OH_LOG_MESSAGES;
  uint32_t dropped = 0;
  if (sink->seen[row].hash != hash || now_us - sink->seen[row].since_us >= 1000000) {
    if (sink->seen[row].hash == hash) dropped = sink->seen[row].dropped;
    sink->seen[row].hash = hash;
    sink->seen[row].since_us = now_us;
    sink->seen[row].lines = sink->seen[row].dropped = 0;
  }
  if (++sink->seen[row].lines > OH_LOG_PER_SECOND) {
    sink->seen[row].dropped++;
    return;
  }
  struct oh_text line;
  oh_text_init(&line, LINE_MAX_BYTES);
  oh_log_format(sink->json, now_us + oh_clock_unix_offset_us(), level, sink->thread, message, fields, dropped,
                &line);
  // One write, so that lines of several threads never mix. A full pipe loses the line, never the call.
  if (line.len && write(sink->fd, line.data, line.len) < 0) sink->seen[row].dropped++;
  oh_text_fini(&line);
}

struct oh_log oh_log_sink(struct oh_log_sink *sink, enum oh_log_level level) {
  return (struct oh_log){.level = level, .line = sink_line, .ctx = sink};
}
