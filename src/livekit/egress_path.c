// egress_path.c — see egress_path.h
#include "livekit/egress_path.h"
#include <stdio.h>
#include <time.h>

enum { VALUE_MAX = 100 }; // bytes of a value; names may be 256 long

// A value from outside as a part of a name: no separator, no control character, no dot at its beginning, not
// empty, and cut at the beginning of a character.
static void write_value(struct oh_text *out, const char *value) {
  struct oh_str text = oh_str(value);
  if (text.len > VALUE_MAX) {
    text.len = VALUE_MAX;
    while (text.len && ((unsigned char)text.data[text.len] & 0xc0) == 0x80)
      text.len--;
  }
  if (text.len == 0 || !oh_str_is_utf8(text)) return oh_text_addc(out, '_');
  for (size_t i = 0; i < text.len; i++) {
    unsigned char c = (unsigned char)text.data[i];
    bool bad = c < 0x20 || c == 0x7f || c == '/' || c == '\\' || (c == '.' && i == 0);
    oh_text_addc(out, bad ? '_' : (char)c);
  }
}

static struct tm utc(int64_t unix_us) {
  time_t seconds = unix_us / 1000000;
  struct tm tm = {0};
  gmtime_r(&seconds, &tm);
  return tm;
}

static void write_time(struct oh_text *out, int64_t unix_us) {
  struct tm tm = utc(unix_us);
  char text[64];
  if (strftime(text, sizeof text, "%Y-%m-%dT%H%M%S", &tm)) oh_text_adds(out, text);
}

static void write_digits(struct oh_text *out, int64_t unix_us) {
  struct tm tm = utc(unix_us);
  char text[64];
  if (strftime(text, sizeof text, "%Y%m%d%H%M%S", &tm))
    oh_text_addf(out, "%s%03d", text, (int)(unix_us / 1000 % 1000));
}

// The template from a '{' on, if it is one that we fill in; the number of bytes taken, else 0.
static size_t write_filled(struct oh_text *out, struct oh_str rest, const struct oh_egress_names *names) {
  const struct {
    const char *name, *value;
  } values[] = {
      {"{room_name}", names->room_name},   {"{room_id}", names->room_id},
      {"{track_id}", names->track_id},     {"{publisher_identity}", names->identity},
      {"{track_type}", names->track_type}, {"{track_source}", names->track_source},
  };
  for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
    if (!values[i].value || !oh_str_starts(rest, oh_str(values[i].name))) continue;
    write_value(out, values[i].value);
    return strlen(values[i].name);
  }
  if (oh_str_starts(rest, OH_STR("{time}"))) {
    write_time(out, names->unix_us);
    return strlen("{time}");
  }
  if (!oh_str_starts(rest, OH_STR("{utc}"))) return 0;
  write_digits(out, names->unix_us);
  return strlen("{utc}");
}

static void fill_in(struct oh_text *out, struct oh_str template, const struct oh_egress_names *names) {
  while (template.len) {
    size_t taken = *template.data == '{' ? write_filled(out, template, names) : 0;
    if (!taken) {
      oh_text_addc(out, *template.data);
      taken = 1;
    }
    template.data += taken;
    template.len -= taken;
  }
}

// Endings of media files, which the one of ours replaces; any other is part of the name.
static bool is_other_ending(struct oh_str ending) {
  static const char *const endings[] = {".mp4", ".mp3", ".webm", ".ivf",  ".h264", ".aac", ".opus",
                                        ".raw", ".ts",  ".m3u8", ".jpeg", ".jpg",  ".wav"};
  for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
    if (oh_str_eq_nocase(ending, oh_str(endings[i]))) return true;
  return false;
}

static void write_leaf(struct oh_text *out, struct oh_str leaf, const struct oh_egress_names *names) {
  if (leaf.len == 0) {
    write_value(out, names->fallback);
    oh_text_addc(out, '-');
    write_time(out, names->unix_us);
  } else {
    const char *dot = memrchr(leaf.data, '.', leaf.len);
    struct oh_str ending = {dot, dot ? (size_t)(leaf.data + leaf.len - dot) : 0};
    if (dot && dot > leaf.data && (is_other_ending(ending) || oh_str_eq(ending, OH_STR(OH_EGRESS_EXTENSION))))
      leaf.len = (size_t)(dot - leaf.data);
    oh_text_add(out, leaf);
  }
  oh_text_adds(out, OH_EGRESS_EXTENSION);
}

static const char *objection(struct oh_str part) {
  if (oh_str_eq(part, OH_STR(".."))) return "filepath must stay below the recordings' directory: no \"..\"";
  if (part.len && *part.data == '.') return "filepath must not name hidden files or directories";
  if (part.len > OH_EGRESS_LEAF_MAX - strlen(OH_EGRESS_EXTENSION))
    return "filepath has a part that is too long";
  for (size_t i = 0; i < part.len; i++)
    if ((unsigned char)part.data[i] < 0x20 || part.data[i] == 0x7f || part.data[i] == '\\')
      return "filepath has a character that cannot be part of a name";
  return NULL;
}

bool oh_egress_path(const char *template, const struct oh_egress_names *names, char path[OH_EGRESS_PATH_MAX],
                    const char **why) {
  struct oh_text filled, out;
  oh_text_init(&filled, 8 * OH_EGRESS_PATH_MAX);
  oh_text_init(&out, OH_EGRESS_PATH_MAX - 1);
  fill_in(&filled, oh_str(template), names);
  *why = filled.failed ? "filepath is too long" : NULL;
  if (filled.len && !oh_str_is_utf8(oh_text_str(&filled))) *why = "filepath is not UTF-8";
  struct oh_str rest = oh_text_str(&filled);
  while (!*why) {
    const char *slash = rest.len ? memchr(rest.data, '/', rest.len) : NULL;
    struct oh_str part = {rest.data, slash ? (size_t)(slash - rest.data) : rest.len};
    bool skipped = slash && (part.len == 0 || oh_str_eq(part, OH_STR(".")));
    if (!skipped) *why = objection(part);
    if (*why) break;
    if (!slash) {
      write_leaf(&out, part, names);
      break;
    }
    if (!skipped) {
      oh_text_add(&out, part);
      oh_text_addc(&out, '/');
    }
    rest.data += part.len + 1;
    rest.len -= part.len + 1;
  }
  if (out.failed) *why = "filepath is too long";
  if (!*why) snprintf(path, OH_EGRESS_PATH_MAX, "%.*s", OH_STR_ARG(oh_text_str(&out)));
  oh_text_fini(&filled);
  oh_text_fini(&out);
  return !*why;
}
