// config_yaml.c — reads the configuration file: a small YAML subset (mappings, lists, scalars) by libyaml's
// events. Anchors, aliases, tags and deep nesting have no use here and are refused, so no "alias bomb"
// exists.
#include "app/config_keys.h"
#include "base/limits.h"
#include "io/file.h"
#include <errno.h>
#include <stdlib.h>
#include <yaml.h>

#define YAML_BYTES_MAX (1024 * 1024)
#define YAML_DEPTH_MAX 6
#define YAML_PATH_MAX 160

struct yaml_walk {
  struct oh_config *config;
  const char *name;
  yaml_parser_t parser;
  char *error;
  struct oh_text seen; // paths met in open mappings, with newlines around: a key written twice is a mistake
  size_t site;         // whose keys are read
  bool failed;
};

static void fail(struct yaml_walk *w, size_t line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void fail(struct yaml_walk *w, size_t line, const char *format, ...) {
  if (w->failed) return;
  w->failed = true;
  int at = snprintf(w->error, OH_CONFIG_ERROR_MAX, "%s:%zu: ", w->name, line + 1);
  if (at < 0 || at >= OH_CONFIG_ERROR_MAX) return;
  va_list args;
  va_start(args, format);
  vsnprintf(w->error + at, OH_CONFIG_ERROR_MAX - (size_t)at, format, args);
  va_end(args);
}

static bool next_event(struct yaml_walk *w, yaml_event_t *event) {
  if (w->failed) return false;
  if (!yaml_parser_parse(&w->parser, event)) {
    fail(w, w->parser.problem_mark.line, "not valid YAML: %s",
         w->parser.problem ? w->parser.problem : "out of memory");
    return false;
  }
  const yaml_char_t *anchor = NULL;
  if (event->type == YAML_SCALAR_EVENT) anchor = event->data.scalar.anchor;
  if (event->type == YAML_MAPPING_START_EVENT) anchor = event->data.mapping_start.anchor;
  if (event->type == YAML_SEQUENCE_START_EVENT) anchor = event->data.sequence_start.anchor;
  if (anchor || event->type == YAML_ALIAS_EVENT) {
    fail(w, event->start_mark.line,
         "anchors and aliases (& and *) are not accepted here; write the value out");
    yaml_event_delete(event);
    return false;
  }
  return true;
}

static struct oh_str scalar_of(const yaml_event_t *event) {
  return (struct oh_str){(const char *)event->data.scalar.value, event->data.scalar.length};
}

static const char *source_of(struct yaml_walk *w, const yaml_event_t *event, char out[160]) {
  snprintf(out, 160, "%.140s:%zu", w->name, event->start_mark.line + 1);
  return out;
}

// What the table calls "voice.sites.shop.paused": "voice.paused".
static const char *table_path(const struct yaml_walk *w, const char *path, char out[YAML_PATH_MAX]) {
  if (!w->site) return path;
  size_t own = strlen("voice.sites.") + strlen(w->config->sites.items[w->site].id);
  snprintf(out, YAML_PATH_MAX, "voice%s", path + own);
  return out;
}

static void unknown(struct yaml_walk *w, size_t line, const char *path) {
  char known[YAML_PATH_MAX];
  const char *in_table = table_path(w, path, known);
  const char *why = oh_config_why_not(oh_str(in_table)), *near = oh_config_nearest(oh_str(in_table));
  if (near && w->site) { // only what a site can have
    const struct oh_config_key *key = oh_config_find(oh_str(near));
    near = key->site ? near + strlen("voice.") : NULL;
  }
  if (why)
    fail(w, line, "\"%s\" is a key of LiveKit that offhook does not have: %s; remove it", path, why);
  else if (near && w->site)
    fail(w, line, "unknown key \"%s\"; did you mean \"voice.sites.%s.%s\"?", path,
         w->config->sites.items[w->site].id, near);
  else if (near)
    fail(w, line, "unknown key \"%s\"; did you mean \"%s\"?", path, near);
  else
    fail(w, line, "unknown key \"%s\"; `offhook help config` lists all keys", path);
}

// {host: a, port: 1} as "host=a port=1".
static void read_fields(struct yaml_walk *w, const struct oh_config_key *key) {
  struct oh_text item;
  oh_text_init(&item, 4096);
  bool is_value = false;
  yaml_event_t event;
  while (next_event(w, &event)) {
    yaml_event_type_t type = event.type;
    struct oh_str text = type == YAML_SCALAR_EVENT ? scalar_of(&event) : (struct oh_str){0};
    if (type == YAML_SCALAR_EVENT && (strcspn(text.data, " ,=") == text.len || is_value) &&
        !memchr(text.data, ' ', text.len)) {
      oh_text_add(&item, text);
      oh_text_addc(&item, is_value ? ' ' : '=');
      is_value = !is_value;
    } else if (type != YAML_MAPPING_END_EVENT) {
      fail(w, event.start_mark.line, "%s: `name: value` without blanks in it", key->path);
    } else if (item.failed || !item.len || !oh_config_add_item(w->config, w->site, key, oh_text_str(&item))) {
      fail(w, event.start_mark.line, "%s has too many items, or an empty or a long one", key->path);
    }
    yaml_event_delete(&event);
    if (type == YAML_MAPPING_END_EVENT) break;
  }
  if (item.data) explicit_bzero(item.data, item.len);
  oh_text_fini(&item);
}

static void read_sequence(struct yaml_walk *w, const struct oh_config_key *key) {
  yaml_event_t event;
  while (next_event(w, &event)) {
    yaml_event_type_t type = event.type;
    if (type == YAML_SCALAR_EVENT) {
      if (!oh_config_add_item(w->config, w->site, key, scalar_of(&event)))
        fail(w, event.start_mark.line, "%s has too many items, or one with a NUL", key->path);
    } else if (type == YAML_MAPPING_START_EVENT && key->fields) {
      read_fields(w, key);
    } else if (type != YAML_SEQUENCE_END_EVENT) {
      fail(w, event.start_mark.line, "%s is a list of plain values", key->path);
    }
    yaml_event_delete(&event);
    if (type == YAML_SEQUENCE_END_EVENT) return;
  }
}

// `keys:` and `presets:` — names the operator chooses, so no table of them. One level deeper ("de: {greeting:
// …}") is "de.greeting: …".
static void read_map(struct yaml_walk *w, const struct oh_config_key *key, const char *outer) {
  struct oh_text item;
  oh_text_init(&item, 2 * OH_SITE_TEXT_MAX);
  bool have_name = false;
  char name[YAML_PATH_MAX] = "";
  yaml_event_t event;
  while (next_event(w, &event)) {
    yaml_event_type_t type = event.type;
    size_t line = event.start_mark.line;
    if (type == YAML_SCALAR_EVENT && !have_name) {
      int len = snprintf(name, sizeof name, "%s%s", outer, (const char *)event.data.scalar.value);
      if (len < 0 || len >= (int)sizeof name) fail(w, line, "%s has a name that is too long", key->path);
      have_name = true;
    } else if (type == YAML_SCALAR_EVENT) {
      oh_text_clear(&item);
      oh_text_addf(&item, "%s: ", name);
      oh_text_add(&item, scalar_of(&event));
      if (item.failed || !oh_config_add_item(w->config, w->site, key, oh_text_str(&item)))
        fail(w, line, "%s is too long", key->path);
      have_name = false;
    } else if (type == YAML_MAPPING_START_EVENT && have_name && key->site && !*outer) {
      strncat(name, ".", sizeof name - strlen(name) - 1);
      read_map(w, key, name);
      have_name = false;
    } else if (type != YAML_MAPPING_END_EVENT) {
      fail(w, line, "%s has lines `name: value`", key->path);
    }
    yaml_event_delete(&event);
    if (type == YAML_MAPPING_END_EVENT) break;
  }
  if (item.data) explicit_bzero(item.data, item.len);
  oh_text_fini(&item);
}

static bool is_group(const struct yaml_walk *w, const char *path) { // a prefix of known keys, as "rtc"
  size_t len = strlen(path);
  for (size_t i = 0; i < oh_config_key_count; i++)
    if (strncmp(oh_config_keys[i].path, path, len) == 0 && oh_config_keys[i].path[len] == '.')
      return oh_config_keys[i].site || !w->site;
  return false;
}

static void read_mapping(struct yaml_walk *w, const char *path, int depth);

// `voice.sites:` — names the operator chooses, and under each the keys of a site.
static void read_sites(struct yaml_walk *w, int depth) {
  yaml_event_t event;
  while (next_event(w, &event)) {
    yaml_event_type_t type = event.type;
    size_t line = event.start_mark.line;
    char path[YAML_PATH_MAX] = "", why[OH_CONFIG_ERROR_MAX] = "a site has a name";
    if (type == YAML_SCALAR_EVENT && (w->site = oh_config_add_site(w->config, scalar_of(&event), why)))
      snprintf(path, sizeof path, "voice.sites.%s", w->config->sites.items[w->site].id);
    yaml_event_delete(&event);
    if (type == YAML_MAPPING_END_EVENT) return;
    if (!*path) {
      fail(w, line, "voice.sites: %s", why);
      return;
    }
    if (!next_event(w, &event)) return;
    bool is_empty = event.type == YAML_SCALAR_EVENT && event.data.scalar.length == 0;
    if (event.type == YAML_MAPPING_START_EVENT)
      read_mapping(w, path, depth + 1);
    else if (!is_empty)
      fail(w, line, "%s: has keys of its own, not a value", path);
    yaml_event_delete(&event);
    w->site = 0;
  }
}

static void read_value(struct yaml_walk *w, const char *path, size_t key_line, int depth) {
  yaml_event_t event;
  char known[YAML_PATH_MAX];
  const char *in_table = table_path(w, path, known);
  const struct oh_config_key *key = oh_config_find(oh_str(in_table));
  if (key && w->site && !key->site) key = NULL;
  bool is_sites = strcmp(path, "voice.sites") == 0;
  if (!key && !is_sites && !is_group(w, in_table)) {
    unknown(w, key_line, path);
    return;
  }
  if (!next_event(w, &event)) return;
  char source[160];
  size_t line = event.start_mark.line;
  bool is_empty = event.type == YAML_SCALAR_EVENT && event.data.scalar.length == 0 &&
                  event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
  bool is_list = key && (key->type == OH_CONFIG_LIST || key->type == OH_CONFIG_MAP);
  if (is_empty) {
    // `rtc:` or `port:` with nothing behind it leaves the default, as in LiveKit's sample file
  } else if (is_sites && event.type == YAML_MAPPING_START_EVENT) {
    read_sites(w, depth + 1);
  } else if (!key && event.type == YAML_MAPPING_START_EVENT) {
    read_mapping(w, path, depth + 1);
  } else if (!key) {
    fail(w, line, "%s: has keys of its own, not a value", path);
  } else if (key->type == OH_CONFIG_MAP && event.type == YAML_MAPPING_START_EVENT) {
    oh_config_begin_list(w->config, w->site, key, source_of(w, &event, source));
    read_map(w, key, "");
  } else if (is_list && event.type == YAML_SEQUENCE_START_EVENT) {
    oh_config_begin_list(w->config, w->site, key, source_of(w, &event, source));
    read_sequence(w, key);
  } else if (event.type == YAML_SCALAR_EVENT) {
    if (!oh_config_set(w->config, w->site, key, scalar_of(&event), source_of(w, &event, source), w->error))
      w->failed = true;
  } else {
    fail(w, line, "%s takes %s", path, is_list ? "a list" : "one value");
  }
  yaml_event_delete(&event);
}

// Called after the start of a mapping; reads to its end.
static void read_mapping(struct yaml_walk *w, const char *path, int depth) {
  yaml_event_t event;
  size_t seen_before = w->seen.len;
  while (next_event(w, &event)) {
    yaml_event_type_t type = event.type;
    size_t line = event.start_mark.line;
    char child[YAML_PATH_MAX], marked[YAML_PATH_MAX + 2];
    bool fits = false;
    if (type == YAML_SCALAR_EVENT && !memchr(event.data.scalar.value, 0, event.data.scalar.length)) {
      int len = snprintf(child, sizeof child, "%s%s%s", path, *path ? "." : "", event.data.scalar.value);
      fits = len > 0 && len < YAML_PATH_MAX;
    }
    yaml_event_delete(&event);
    if (type == YAML_MAPPING_END_EVENT) {
      if (w->seen.data) w->seen.data[w->seen.len = seen_before] = 0;
      return;
    }
    if (!fits || depth > YAML_DEPTH_MAX) {
      fail(w, line, "expected a key");
      return;
    }
    snprintf(marked, sizeof marked, "\n%s\n", child);
    if (w->seen.len && strstr(w->seen.data, marked)) {
      fail(w, line, "\"%s\" is given twice", child);
      return;
    }
    oh_text_adds(&w->seen, marked);
    read_value(w, child, line, depth);
  }
}

bool oh_config_read_yaml(struct oh_config *config, const char *name, const char *text, size_t len,
                         char error[OH_CONFIG_ERROR_MAX]) {
  struct yaml_walk w = {.config = config, .name = name, .error = error};
  if (len > YAML_BYTES_MAX) {
    snprintf(error, OH_CONFIG_ERROR_MAX, "%s: larger than %d bytes", name, YAML_BYTES_MAX);
    return false;
  }
  if (!yaml_parser_initialize(&w.parser)) {
    snprintf(error, OH_CONFIG_ERROR_MAX, "out of memory");
    return false;
  }
  oh_text_init(&w.seen, YAML_BYTES_MAX * 4);
  yaml_parser_set_input_string(&w.parser, (const unsigned char *)text, len);
  yaml_event_t event;
  int documents = 0;
  for (bool done = false; !done && next_event(&w, &event);) {
    yaml_event_type_t type = event.type;
    size_t line = event.start_mark.line;
    bool is_empty = type == YAML_SCALAR_EVENT && event.data.scalar.length == 0;
    yaml_event_delete(&event);
    if (type == YAML_DOCUMENT_START_EVENT && ++documents > 1) fail(&w, line, "more than one document");
    if (type == YAML_MAPPING_START_EVENT)
      read_mapping(&w, "", 0);
    else if ((type == YAML_SCALAR_EVENT && !is_empty) || type == YAML_SEQUENCE_START_EVENT)
      fail(&w, line, "expected lines `key: value`");
    done = type == YAML_STREAM_END_EVENT;
  }
  oh_text_fini(&w.seen);
  yaml_parser_delete(&w.parser);
  return !w.failed;
}

bool oh_config_read_file(struct oh_config *config, const char *path, char error[OH_CONFIG_ERROR_MAX]) {
  size_t len;
  char *text = oh_file_read(path, YAML_BYTES_MAX, &len);
  if (!text) {
    snprintf(error, OH_CONFIG_ERROR_MAX, "%s: cannot read it: %s", path, strerror(errno));
    return false;
  }
  bool ok = oh_config_read_yaml(config, path, text, len, error);
  explicit_bzero(text, len);
  free(text);
  return ok;
}
