// config_keys.h — the one table of configuration keys, and how a value of each type is read and written.
#pragma once
#include "app/config.h"

enum oh_config_type {
  OH_CONFIG_BOOL,   // true/false/yes/no/on/off/1/0
  OH_CONFIG_NUMBER, // uint32_t between min and max; with unit "s" or "ms" also "5m", "300ms", "1h"
  OH_CONFIG_STRING, // char *, NULL when unset; `choices` limits it
  OH_CONFIG_LIST,   // struct oh_strings; outside YAML separated by commas. One with `fields` has items of
                    // mappings, kept as "name=value name=value"
  OH_CONFIG_MAP,    // struct oh_strings of "name: value", deeper ones "name.name: value"; outside YAML one
                    // per line
};

struct oh_config_key {
  const char *path, *env, *other_env, *flag; // env, other_env and flag: more names, or NULL
  enum oh_config_type type;
  bool site;     // a key of each site
  size_t offset; // in struct oh_config, or in struct oh_site
  uint32_t min, max;
  const char *unit;    // NULL, "s" or "ms"
  const char *initial; // as text; NULL: empty
  const char *choices; // "a|b|c" or NULL
  bool fields;
  bool secret, reload; // reload: SIGHUP applies it
  const char *help;
};

extern const struct oh_config_key oh_config_keys[];
extern const size_t oh_config_key_count;

const struct oh_config_key *oh_config_find(struct oh_str path);
const char *oh_config_nearest(struct oh_str path); // the known path with the least edit distance, or NULL
// A key of LiveKit's that this server does not have: why, or NULL.
const char *oh_config_why_not(struct oh_str path);
void oh_config_env_name(const struct oh_config_key *key, char out[80]);  // OFFHOOK_…
void oh_config_flag_name(const struct oh_config_key *key, char out[80]); // --…

// `site` is an index of config->sites, 0 for keys that no site has.
// Sets one value. `source` is copied. False: `error` says what was expected.
bool oh_config_set(struct oh_config *config, size_t site, const struct oh_config_key *key,
                   struct oh_str value, const char *source, char error[OH_CONFIG_ERROR_MAX]);
// Lists and maps item by item (YAML): begin empties it.
void oh_config_begin_list(struct oh_config *config, size_t site, const struct oh_config_key *key,
                          const char *source);
bool oh_config_add_item(struct oh_config *config, size_t site, const struct oh_config_key *key,
                        struct oh_str item);
// A new site with the defaults. 0: `error` says why not.
size_t oh_config_add_site(struct oh_config *config, struct oh_str id, char error[OH_CONFIG_ERROR_MAX]);

// config_turn.c's part of finish and fini.
bool oh_config_finish_turn(struct oh_config *config, char error[OH_CONFIG_ERROR_MAX]);
void oh_config_fini_turn(struct oh_config *config);

static inline void *oh_config_at(const struct oh_config *config, size_t site,
                                 const struct oh_config_key *key) {
  return key->site ? (char *)&config->sites.items[site] + key->offset
                   : (char *)(uintptr_t)config + key->offset;
}
