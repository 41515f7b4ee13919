// config_turn.c — what the configuration says of TURN: rtc.turn_servers read into URLs and credentials, and
// contradictions in turn.* refused.
#include "app/config_keys.h"
#include "base/check.h"
#include "base/limits.h"
#include "base/limits_api.h"
#include <stdlib.h>

static bool is_set(const char *text) {
  return text && *text;
}

static bool complain(char error[OH_CONFIG_ERROR_MAX], const char *what) {
  snprintf(error, OH_CONFIG_ERROR_MAX, "%s", what);
  return false;
}

// One item: `name=value` and blanks between, as the YAML reader leaves a mapping.
struct item {
  struct oh_str host, port, protocol, username, credential, secret, ttl;
};

static bool read_item(const char *text, struct item *item, char error[OH_CONFIG_ERROR_MAX]) {
  const struct {
    const char *name;
    struct oh_str *value;
  } fields[] = {{"host", &item->host},
                {"port", &item->port},
                {"protocol", &item->protocol},
                {"username", &item->username},
                {"credential", &item->credential},
                {"secret", &item->secret},
                {"ttl", &item->ttl}};
  struct oh_str rest = oh_str(text);
  while (rest.len) {
    struct oh_str value = oh_str_cut(&rest, ' '), name = oh_str_cut(&value, '=');
    struct oh_str *place = NULL;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
      if (oh_str_eq(name, oh_str(fields[i].name))) place = fields[i].value;
    if (name.len == 0) continue;
    if (!place) {
      snprintf(
          error, OH_CONFIG_ERROR_MAX,
          "rtc.turn_servers: \"%.*s\" is none of host, port, protocol, username, credential, secret, ttl",
          (int)(name.len < 60 ? name.len : 60), name.data);
      return false;
    }
    *place = value;
  }
  return true;
}

static bool is_host(struct oh_str host) {
  if (host.len == 0 || host.len > 253) return false;
  for (size_t i = 0; i < host.len; i++)
    if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]", host.data[i]))
      return false;
  return true;
}

static bool read_server(const char *text, struct oh_turn_server *server, char error[OH_CONFIG_ERROR_MAX]) {
  struct item item = {.port = OH_STR("3478"), .protocol = OH_STR("udp")};
  uint64_t port, ttl = OH_TURN_REST_S;
  if (!read_item(text, &item, error)) return false;
  bool tls = oh_str_eq(item.protocol, OH_STR("tls")), tcp = oh_str_eq(item.protocol, OH_STR("tcp"));
  if (!is_host(item.host)) return complain(error, "rtc.turn_servers: each has a host (IPv6 in brackets)");
  if (!oh_str_to_u64(item.port, 65535, &port) || port == 0)
    return complain(error, "rtc.turn_servers: port is a number from 1 to 65535");
  if (!tls && !tcp && !oh_str_eq(item.protocol, OH_STR("udp")))
    return complain(error, "rtc.turn_servers: protocol is udp, tcp or tls");
  if (item.secret.len == 0 && (item.username.len == 0 || item.credential.len == 0))
    return complain(error, "rtc.turn_servers: each has a secret, or username and credential");
  if (item.ttl.len && (!oh_str_to_u64(item.ttl, 30 * 86400, &ttl) || ttl < 60))
    return complain(error, "rtc.turn_servers: ttl is seconds, from 60 to 2592000");
  if (asprintf(&server->url, "%s:%.*s:%u?transport=%s", tls ? "turns" : "turn", OH_STR_ARG(item.host),
               (unsigned)port, tls || tcp ? "tcp" : "udp") < 0)
    abort();
  server->ttl_s = (uint32_t)ttl;
  if (item.secret.len)
    server->secret = oh_str_dup(item.secret);
  else
    server->username = oh_str_dup(item.username), server->credential = oh_str_dup(item.credential);
  return true;
}

static bool finish_embedded(struct oh_config *config, char error[OH_CONFIG_ERROR_MAX]) {
  bool cert = is_set(config->turn.cert_file), key = is_set(config->turn.key_file);
  bool asked = oh_config_was_set(config, "turn.tls_port") && config->turn.tls_port;
  if (!config->turn.enabled) return true;
  if (cert != key) return complain(error, "turn.cert_file and turn.key_file belong together");
  if (!is_set(config->turn.domain)) {
    if (cert || asked || config->turn.external_tls)
      return complain(error, "turn.domain is missing: the name by which browsers reach turn.tls_port");
    config->turn.tls_port = 0;
  }
  if (is_set(config->turn.domain) && !is_host(oh_str(config->turn.domain)))
    return complain(error, "turn.domain is a name, or name:port");
  if (config->turn.tls_port && !config->turn.external_tls && !cert && !is_set(config->tls.cert))
    return complain(error,
                    "turn.tls_port needs turn.cert_file and turn.key_file (or tls.cert and tls.key, or "
                    "turn.external_tls with a proxy in front)");
  if (!config->turn.tls_port && !config->turn.udp_port)
    return complain(error, "turn.enabled: both turn.udp_port and turn.tls_port are 0");
  return true;
}

bool oh_config_finish_turn(struct oh_config *config, char error[OH_CONFIG_ERROR_MAX]) {
  const struct oh_strings *list = &config->rtc.turn_servers;
  if (list->count > OH_TURN_SERVERS_MAX) return complain(error, "rtc.turn_servers: at most 8");
  config->turn_items = calloc(list->count ? list->count : 1, sizeof *config->turn_items);
  OH_CHECK(config->turn_items);
  for (size_t i = 0; i < list->count; i++, config->turn_count++)
    if (!read_server(list->items[i], &config->turn_items[i], error)) return false;
  return finish_embedded(config, error);
}

static void wipe(char *secret) {
  if (secret) explicit_bzero(secret, strlen(secret));
  free(secret);
}

void oh_config_fini_turn(struct oh_config *config) {
  for (size_t i = 0; i < config->turn_count; i++) {
    free(config->turn_items[i].url);
    wipe(config->turn_items[i].secret);
    wipe(config->turn_items[i].username);
    wipe(config->turn_items[i].credential);
  }
  free(config->turn_items);
  config->turn_items = NULL;
  config->turn_count = 0;
}
