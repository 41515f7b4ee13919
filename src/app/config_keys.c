// config_keys.c — see config_keys.h
#include "app/config_keys.h"
#include "base/check.h"
#include "base/limits.h"
#include <stddef.h>
#include <stdlib.h>

// LiveKit's keys that we know and do not serve: better an explanation than a guess at a typing mistake.
static const struct {
  const char *prefix, *why;
} not_served[] = {
    {"redis", "one machine carries all calls, there is no cluster to join"},
    {"turn.relay_range_start", "the relay speaks to this machine only: no ports to open for it"},
    {"turn.relay_range_end", "the relay speaks to this machine only: no ports to open for it"},
    {"webhook.filter_params", "every event is sent; receivers ignore what they do not want"},
    {"webhook.url_notifier", "events are kept for three days and tried again by a schedule of ours"},
    {"webhook.resource_url_notifier", "events are kept for three days and tried again by a schedule of ours"},
    {"ingress", "there is no ingress service"},
    {"prometheus_port", "metrics are under admin.port"},
    {"prometheus", "metrics are under admin.port and admin.bind"},
    {"rtc.port_range_start", "one UDP port per worker is enough: rtc.udp_port"},
    {"rtc.port_range_end", "one UDP port per worker is enough: rtc.udp_port"},
    {"rtc.use_external_ip", "we ask nobody on the Internet; put the public address into rtc.node_ip"},
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

static void note_source(struct oh_config *config, size_t site, const struct oh_config_key *key,
                        const char *source) {
  char **noted = &config->sources[site][key - oh_config_keys];
  free(*noted);
  *noted = source ? oh_str_dup(oh_str(source)) : NULL;
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

void oh_config_begin_list(struct oh_config *config, size_t site, const struct oh_config_key *key,
                          const char *source) {
  struct oh_strings *list = oh_config_at(config, site, key);
  for (size_t i = 0; i < list->count; i++) {
    explicit_bzero(list->items[i], strlen(list->items[i]));
    free(list->items[i]);
  }
  free(list->items);
  *list = (struct oh_strings){0};
  note_source(config, site, key, source);
}

bool oh_config_add_item(struct oh_config *config, size_t site, const struct oh_config_key *key,
                        struct oh_str item) {
  struct oh_strings *list = oh_config_at(config, site, key);
  // Nobody configures more than a handful; texts are C strings.
  if (list->count == 256 || (item.len && memchr(item.data, 0, item.len))) return false;
  list->items = reallocarray(list->items, list->count + 1, sizeof *list->items);
  OH_CHECK(list->items);
  list->items[list->count++] = oh_str_dup(item);
  return true;
}

static bool set_list(struct oh_config *config, size_t site, const struct oh_config_key *key,
                     struct oh_str value, const char *source) {
  oh_config_begin_list(config, site, key, source);
  while (value.len) {
    struct oh_str item = oh_str_trim(oh_str_cut(&value, key->type == OH_CONFIG_MAP ? '\n' : ','));
    if (item.len && item.data[item.len - 1] == '\r') item.len--;
    if (item.len && !oh_config_add_item(config, site, key, item)) return false;
  }
  return true;
}

size_t oh_config_add_site(struct oh_config *config, struct oh_str id, char error[OH_CONFIG_ERROR_MAX]) {
  struct oh_sites *sites = &config->sites;
  size_t site = sites->count;
  if (site && (!oh_site_id_is_valid(id) || oh_sites_find(sites, id))) {
    snprintf(error, OH_CONFIG_ERROR_MAX,
             oh_site_id_is_valid(id) ? "the site \"%.*s\" is there already (\"default\" is voice itself)"
                                     : "\"%.*s\" is no name for a site: letters, digits, - and _, at most 63",
             id.len < 80 ? (int)id.len : 80, id.data);
    return 0;
  }
  if (site > OH_SITES_MAX) {
    snprintf(error, OH_CONFIG_ERROR_MAX, "more than %d sites", OH_SITES_MAX);
    return 0;
  }
  sites->items = reallocarray(sites->items, site + 1, sizeof *sites->items);
  config->sources = reallocarray(config->sources, site + 1, sizeof *config->sources);
  OH_CHECK(sites->items && config->sources);
  sites->items[site] = (struct oh_site){.id = oh_str_dup(id)};
  config->sources[site] = calloc(oh_config_key_count, sizeof **config->sources);
  OH_CHECK(config->sources[site]);
  sites->count++;
  for (size_t i = 0; i < oh_config_key_count; i++) {
    const struct oh_config_key *key = &oh_config_keys[i];
    if (key->initial && key->site)
      OH_CHECK(oh_config_set(config, site, key, oh_str(key->initial), NULL, error));
  }
  return site;
}

bool oh_config_set(struct oh_config *config, size_t site, const struct oh_config_key *key,
                   struct oh_str value, const char *source, char error[OH_CONFIG_ERROR_MAX]) {
  void *at = oh_config_at(config, site, key);
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
    ok = !memchr(value.data, 0, value.len) &&
         (!key->choices || is_choice(key->choices, value) || (value.len == 0 && !key->initial));
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
    ok = set_list(config, site, key, value, source);
    if (!ok) snprintf(error, OH_CONFIG_ERROR_MAX, "%s: %s has too many items", where, key->path);
    break;
  }
  if (ok) note_source(config, site, key, source);
  return ok;
}
