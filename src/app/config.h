// config.h — what the operator wants: built-in defaults < YAML file (LiveKit's key names) < environment <
// flags. One table (config_keys.c) drives the YAML path, the environment variable, the flag, --help and the
// table in docs/OPERATING.md. Unknown keys are errors that name the nearest known one.
//
// Every key `a.b_c` has the flag --a-b-c and the variable OFFHOOK_A_B_C; some have a second, older name each.
// Keys of a site (`voice.paused`) can be given for others in the file (`voice.sites.shop.paused`).
// Secrets have no flag (a process list shows them) and every variable of theirs may instead end in _FILE.
#pragma once
#include "base/strings.h"
#include "base/text.h"
#include "call/site.h"
#include "livekit/token.h"
#include "livekit/turn_credential.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct oh_config {
  uint32_t port, workers, drain_timeout_s;
  struct oh_strings bind_addresses, trusted_proxies, keys; // keys: "id: secret" each
  char *key_file, *api_key, *api_secret, *livekit_host, *public_url, *region;
  struct {
    uint32_t udp_port, tcp_port;
    struct oh_strings node_ip, bind_addresses, stun_servers, turn_servers;
    bool enable_loopback_candidate, allow_tcp_fallback;
  } rtc;
  struct {
    bool enabled, external_tls;
    uint32_t udp_port, tls_port;
    char *domain, *cert_file, *key_file;
  } turn;
  struct {
    bool auto_create, enable_remote_unmute;
    uint32_t empty_timeout_s, departure_timeout_s, max_participants;
  } room;
  bool enable_data_tracks;
  struct {
    uint32_t active_level, min_percentile, update_interval_ms, smooth_intervals;
  } audio;
  struct {
    char *level;
    bool json;
  } logging;
  struct {
    uint32_t rooms, participants, connections, connections_per_address, echo_partners, recordings;
    uint32_t data_packets_per_s;
  } limit;
  struct {
    bool token_api;
  } voice;               // what it has besides: sites
  struct oh_sites sites; // [0] is "default", the keys under `voice.` themselves
  char *data_dir;
  bool data_blobs;
  struct {
    uint32_t days, max_mb;
  } records;
  struct {
    struct oh_strings urls;
    char *api_key;
  } webhook;
  struct {
    char *directory;
    uint32_t file_max_s;
  } egress;
  struct {
    char *ca_file;
  } outbound;
  struct {
    char *cert, *key;
  } tls;
  struct {
    uint32_t port;
    char *bind;
  } admin;

  // Made by oh_config_finish:
  struct oh_key *key_items; // key_items[0] signs what we issue
  size_t key_count;
  const struct oh_key *webhook_key;  // one of key_items
  struct oh_turn_server *turn_items; // rtc.turn_servers, read
  size_t turn_count;
  bool development; // the key pair was made up by us at this start
  char ***sources;  // for each site where each key was set, NULL: default; row 0 has the keys of no site too
};

#define OH_CONFIG_ERROR_MAX 512

void oh_config_init(struct oh_config *config); // the defaults
void oh_config_fini(struct oh_config *config); // secrets are zeroed

// Each of these reads one source over what is there. False: `error` is a sentence naming the place.
bool oh_config_read_yaml(struct oh_config *config, const char *name, const char *text, size_t len,
                         char error[OH_CONFIG_ERROR_MAX]);
bool oh_config_read_file(struct oh_config *config, const char *path, char error[OH_CONFIG_ERROR_MAX]);
// `environment` as in main's envp.
bool oh_config_read_environment(struct oh_config *config, char *const *environment,
                                char error[OH_CONFIG_ERROR_MAX]);
// Takes "--flag value", "--flag=value", "--bool-flag" from args; all must be known.
bool oh_config_read_flags(struct oh_config *config, int count, char *const *args,
                          char error[OH_CONFIG_ERROR_MAX]);

// Joins the keys from all places, makes a development pair when there are none, and refuses what is unsafe
// (weak or well-known secrets on an address that others can reach) or contradictory.
bool oh_config_finish(struct oh_config *config, char error[OH_CONFIG_ERROR_MAX]);
// All of the above in order; the file is --config / LIVEKIT_CONFIG_FILE, or the text in LIVEKIT_CONFIG.
bool oh_config_load(struct oh_config *config, int count, char *const *args, char *const *environment,
                    char error[OH_CONFIG_ERROR_MAX]);

bool oh_config_was_set(const struct oh_config *config, const char *path); // of site "default", or of no site
bool oh_config_is_loopback(const char *address);
// The effective configuration as YAML with where each value came from; secrets are redacted.
void oh_config_print(const struct oh_config *config, FILE *out);
void oh_config_print_help(FILE *out);  // every key with flag, variable, default and meaning
void oh_config_print_table(FILE *out); // the same as a Markdown table
// The paths of keys that differ and cannot change without a restart (for SIGHUP), separated by blanks.
void oh_config_fixed_changes(const struct oh_config *before, const struct oh_config *after,
                             struct oh_text *paths);
