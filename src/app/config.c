// config.c — see config.h
#include "app/config.h"
#include "app/config_keys.h"
#include "base/check.h"
#include "base/limits.h"
#include "io/entropy.h"
#include "io/file.h"
#include "io/http_client.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#define SECRET_MIN 32 // characters; HS256 wants a key of 256 bits (RFC 7518 3.2), LiveKit warns below
#define SMALL_FILE_MAX (64 * 1024)

void oh_config_init(struct oh_config *config) {
  *config = (struct oh_config){0};
  char error[OH_CONFIG_ERROR_MAX];
  oh_config_add_site(config, OH_STR(OH_SITE_DEFAULT), error);
  for (size_t i = 0; i < oh_config_key_count; i++) {
    const struct oh_config_key *key = &oh_config_keys[i];
    if (key->initial && !key->site)
      OH_CHECK(oh_config_set(config, 0, key, oh_str(key->initial), NULL, error));
  }
}

static void wipe(const char *secret) {
  if (!secret) return;
  explicit_bzero((void *)(uintptr_t)secret, strlen(secret));
  free((void *)(uintptr_t)secret);
}

static void wipe_values(struct oh_config *config, size_t site) {
  for (size_t i = 0; i < oh_config_key_count; i++) {
    const struct oh_config_key *key = &oh_config_keys[i];
    if (!key->site && site) continue;
    if (key->type == OH_CONFIG_STRING) wipe(*(char **)oh_config_at(config, site, key));
    if (key->type == OH_CONFIG_LIST || key->type == OH_CONFIG_MAP)
      oh_config_begin_list(config, site, key, NULL);
    free(config->sources[site][i]);
  }
  free(config->sources[site]);
  free(config->sites.items[site].id);
}

void oh_config_fini(struct oh_config *config) {
  for (size_t site = 0; site < config->sites.count; site++)
    wipe_values(config, site);
  for (size_t i = 0; i < config->key_count; i++) {
    wipe(config->key_items[i].id);
    wipe(config->key_items[i].secret);
  }
  free(config->key_items);
  oh_config_fini_turn(config);
  free(config->sites.items);
  free(config->sources);
  *config = (struct oh_config){0};
}

bool oh_config_was_set(const struct oh_config *config, const char *path) {
  const struct oh_config_key *key = oh_config_find(oh_str(path));
  OH_CHECK(key);
  return config->sources[0][key - oh_config_keys] != NULL;
}

static const char *env_value(char *const *environment, const char *name) {
  size_t len = strlen(name);
  for (; environment && *environment; environment++)
    if (strncmp(*environment, name, len) == 0 && (*environment)[len] == '=') return *environment + len + 1;
  return NULL;
}

// NAME, or for secrets the contents of the file that NAME_FILE names. Empty variables count as unset, as
// container files often define them so.
static bool read_variable(struct oh_config *config, const struct oh_config_key *key, const char *name,
                          char *const *environment, char error[OH_CONFIG_ERROR_MAX]) {
  char file_name[96];
  const char *value = env_value(environment, name);
  if (value && *value) return oh_config_set(config, 0, key, oh_str(value), name, error);
  snprintf(file_name, sizeof file_name, "%s_FILE", name);
  value = key->secret ? env_value(environment, file_name) : NULL;
  if (!value || !*value) return true;
  size_t len;
  char *text = oh_file_read(value, SMALL_FILE_MAX, &len);
  if (!text) {
    snprintf(error, OH_CONFIG_ERROR_MAX, "%s: cannot read %s: %s", file_name, value, strerror(errno));
    return false;
  }
  size_t trimmed = len;
  while (trimmed && strchr(" \t\r\n", text[trimmed - 1]))
    trimmed--;
  bool ok = oh_config_set(config, 0, key, (struct oh_str){text, trimmed}, file_name, error);
  explicit_bzero(text, len);
  free(text);
  return ok;
}

bool oh_config_read_environment(struct oh_config *config, char *const *environment,
                                char error[OH_CONFIG_ERROR_MAX]) {
  for (size_t i = 0; i < oh_config_key_count; i++) {
    const struct oh_config_key *key = &oh_config_keys[i];
    char name[80];
    oh_config_env_name(key, name);
    // Each later one wins.
    const char *names[] = {key->other_env, key->env};
    for (size_t n = 0; n < 2; n++)
      if (names[n] && strcmp(names[n], name) != 0 &&
          !read_variable(config, key, names[n], environment, error))
        return false;
    if (!read_variable(config, key, name, environment, error)) return false;
  }
  return true;
}

static const struct oh_config_key *find_flag(struct oh_str name) {
  for (size_t i = 0; i < oh_config_key_count; i++) {
    char flag[80];
    oh_config_flag_name(&oh_config_keys[i], flag);
    if (oh_config_keys[i].secret) continue;
    if (oh_str_eq(oh_str(flag + 2), name)) return &oh_config_keys[i];
    if (oh_config_keys[i].flag && oh_str_eq(oh_str(oh_config_keys[i].flag), name)) return &oh_config_keys[i];
  }
  return NULL;
}

static void unknown_flag(struct oh_str name, char error[OH_CONFIG_ERROR_MAX]) {
  char path[80];
  size_t len = name.len < sizeof path ? name.len : sizeof path - 1;
  for (size_t i = 0; i < len; i++)
    path[i] = name.data[i] == '-' ? '_' : name.data[i];
  const char *near = oh_config_nearest((struct oh_str){path, len});
  char flag[80] = "";
  if (near) oh_config_flag_name(oh_config_find(oh_str(near)), flag);
  if (near && oh_config_find(oh_str(near))->secret)
    snprintf(error, OH_CONFIG_ERROR_MAX,
             "--%.*s: secrets have no flag, others could read them in the process list; use the environment "
             "(%s_FILE) or the configuration file",
             OH_STR_ARG(name), oh_config_find(oh_str(near))->env);
  else if (near)
    snprintf(error, OH_CONFIG_ERROR_MAX, "unknown flag --%.*s; did you mean %s?", OH_STR_ARG(name), flag);
  else
    snprintf(error, OH_CONFIG_ERROR_MAX, "unknown flag --%.*s; `offhook help` lists all", OH_STR_ARG(name));
}

bool oh_config_read_flags(struct oh_config *config, int count, char *const *args,
                          char error[OH_CONFIG_ERROR_MAX]) {
  for (int i = 0; i < count; i++) {
    struct oh_str value = oh_str(args[i]);
    if (!oh_str_starts(value, OH_STR("--")) || value.len == 2) {
      snprintf(error, OH_CONFIG_ERROR_MAX, "unexpected argument \"%s\"; `offhook help` lists all", args[i]);
      return false;
    }
    value.data += 2, value.len -= 2;
    bool has_value = memchr(value.data, '=', value.len) != NULL;
    struct oh_str name = oh_str_cut(&value, '=');
    bool is_file = oh_str_eq(name, OH_STR("config")); // read first, by oh_config_load
    const struct oh_config_key *key = is_file ? NULL : find_flag(name);
    if (!key && !is_file) {
      unknown_flag(name, error);
      return false;
    }
    bool bare_bool = key && key->type == OH_CONFIG_BOOL && !has_value &&
                     (i + 1 == count || strncmp(args[i + 1], "--", 2) == 0);
    if (bare_bool) {
      value = OH_STR("true");
    } else if (!has_value) {
      if (++i == count) {
        snprintf(error, OH_CONFIG_ERROR_MAX, "--%.*s needs a value", OH_STR_ARG(name));
        return false;
      }
      value = oh_str(args[i]);
    }
    char source[96];
    snprintf(source, sizeof source, "--%.*s", OH_STR_ARG(name));
    if (key && !oh_config_set(config, 0, key, value, source, error)) return false;
  }
  return true;
}

bool oh_config_is_loopback(const char *address) {
  return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0 || strcmp(address, "[::1]") == 0 ||
         strcmp(address, "localhost") == 0;
}

static bool all_loopback(const struct oh_strings *addresses) {
  for (size_t i = 0; i < addresses->count; i++)
    if (!oh_config_is_loopback(addresses->items[i])) return false;
  return addresses->count > 0;
}

static bool add_key(struct oh_config *config, struct oh_str id, struct oh_str secret,
                    char error[OH_CONFIG_ERROR_MAX]) {
  if (id.len == 0 || secret.len == 0 || id.len > 128) {
    snprintf(error, OH_CONFIG_ERROR_MAX, "keys: each line is `id: secret`, neither is empty");
    return false;
  }
  for (size_t i = 0; i < config->key_count; i++)
    if (oh_str_eq(oh_str(config->key_items[i].id), id)) return true; // the earlier source wins
  config->key_items = reallocarray(config->key_items, config->key_count + 1, sizeof *config->key_items);
  OH_CHECK(config->key_items);
  config->key_items[config->key_count++] =
      (struct oh_key){.id = oh_str_dup(id), .secret = oh_str_dup(secret)};
  return true;
}

static bool add_key_line(struct oh_config *config, struct oh_str line, char error[OH_CONFIG_ERROR_MAX]) {
  struct oh_str id = oh_str_trim(oh_str_cut(&line, ':'));
  return add_key(config, id, oh_str_trim(line), error);
}

static bool read_key_file(struct oh_config *config, char error[OH_CONFIG_ERROR_MAX]) {
  struct stat status;
  size_t len;
  if (stat(config->key_file, &status) == 0 && (status.st_mode & 077) != 0) {
    snprintf(error, OH_CONFIG_ERROR_MAX, "key_file: others may read %s; run: chmod 600 %s", config->key_file,
             config->key_file);
    return false;
  }
  char *text = oh_file_read(config->key_file, SMALL_FILE_MAX, &len);
  if (!text) {
    snprintf(error, OH_CONFIG_ERROR_MAX, "key_file: cannot read %s: %s", config->key_file, strerror(errno));
    return false;
  }
  struct oh_str rest = {text, len};
  bool ok = true;
  while (ok && rest.len) {
    struct oh_str line = oh_str_trim(oh_str_cut(&rest, '\n'));
    if (line.len && line.data[line.len - 1] == '\r') line.len--;
    if (line.len && line.data[0] != '#') ok = add_key_line(config, line, error);
  }
  explicit_bzero(text, len);
  free(text);
  return ok;
}

static bool gather_keys(struct oh_config *config, char error[OH_CONFIG_ERROR_MAX]) {
  bool has_id = config->api_key && *config->api_key, has_secret = config->api_secret && *config->api_secret;
  if (has_id != has_secret) {
    snprintf(error, OH_CONFIG_ERROR_MAX, "%s is set but %s is not; set both, or neither",
             has_id ? "LIVEKIT_API_KEY" : "LIVEKIT_API_SECRET",
             has_id ? "LIVEKIT_API_SECRET" : "LIVEKIT_API_KEY");
    return false;
  }
  if (has_id && !add_key(config, oh_str(config->api_key), oh_str(config->api_secret), error)) return false;
  for (size_t i = 0; i < config->keys.count; i++)
    if (!add_key_line(config, oh_str(config->keys.items[i]), error)) return false;
  return !config->key_file || !*config->key_file || read_key_file(config, error);
}

// A pair nobody else knows, different at each start, so that a forgotten development server opens no door.
static bool make_development_key(struct oh_config *config, char error[OH_CONFIG_ERROR_MAX]) {
  uint8_t bytes[6 + 24];
  char id[3 + 12 + 1], secret[48 + 1];
  struct oh_random random = oh_entropy();
  oh_random_fill(&random, bytes, sizeof bytes);
  memcpy(id, "dev", 3);
  for (int i = 0; i < 6; i++)
    snprintf(id + 3 + 2 * i, 3, "%02x", bytes[i]);
  for (int i = 0; i < 24; i++)
    snprintf(secret + 2 * i, 3, "%02x", bytes[6 + i]);
  config->development = true;
  return add_key(config, oh_str(id), oh_str(secret), error);
}

static const char *weakness(const struct oh_key *key) {
  static const char *const known[] = {"secret",   "devkey",   "apiSecretExtendTo32BytesAsThatIsMinimum",
                                      "changeme", "password", "your-api-secret-here-at-least-32-characters"};
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
    if (strcasecmp(key->secret, known[i]) == 0) return "is well known";
  if (strlen(key->secret) < SECRET_MIN) return "has fewer than 32 characters";
  const char *s = key->secret;
  return strspn(s, (char[]){s[0], 0}) == strlen(s) ? "is one character repeated" : NULL;
}

static bool refuse_weak_keys(const struct oh_config *config, char error[OH_CONFIG_ERROR_MAX]) {
  for (size_t i = 0; i < config->key_count; i++) {
    const char *why = weakness(&config->key_items[i]);
    if (!why) continue;
    snprintf(
        error, OH_CONFIG_ERROR_MAX,
        "the secret of API key \"%s\" %s, and this server would be reachable from other machines. Run "
        "`offhook keys generate` and use what it prints, or listen on this machine only: --bind 127.0.0.1",
        config->key_items[i].id, why);
    return false;
  }
  return true;
}

static bool set_default_list(struct oh_config *config, const char *path, const char *value) {
  char error[OH_CONFIG_ERROR_MAX];
  return oh_config_set(config, 0, oh_config_find(oh_str(path)), oh_str(value), NULL, error);
}

static bool finish_sites(struct oh_config *config, char error[OH_CONFIG_ERROR_MAX]) {
  bool ok = true;
  for (size_t i = 0; ok && i < config->sites.count; i++) {
    struct oh_text why;
    oh_text_init(&why, OH_CONFIG_ERROR_MAX);
    ok = oh_site_finish(&config->sites.items[i], &why);
    if (!ok)
      snprintf(error, OH_CONFIG_ERROR_MAX, "voice%s%s.%s", i ? ".sites." : "",
               i ? config->sites.items[i].id : "", why.len ? why.data : "a text is too long");
    oh_text_fini(&why);
  }
  return ok;
}

static bool finish_webhooks(struct oh_config *config, char error[OH_CONFIG_ERROR_MAX]) {
  const struct oh_strings *urls = &config->webhook.urls;
  if (urls->count > OH_WEBHOOK_URLS_MAX) {
    snprintf(error, OH_CONFIG_ERROR_MAX, "webhook.urls: at most %d URLs", OH_WEBHOOK_URLS_MAX);
    return false;
  }
  for (size_t i = 0; i < urls->count; i++) {
    if (oh_http_url_is_sound(oh_str(urls->items[i]))) continue;
    snprintf(error, OH_CONFIG_ERROR_MAX,
             "webhook.urls: \"%.200s\" is not https://host/… or http://host/… (no user, no #fragment)",
             urls->items[i]);
    return false;
  }
  const char *wanted = config->webhook.api_key;
  for (size_t i = 0; i < config->key_count; i++)
    if (!wanted || !*wanted || strcmp(config->key_items[i].id, wanted) == 0) {
      config->webhook_key = &config->key_items[i];
      return true;
    }
  snprintf(error, OH_CONFIG_ERROR_MAX, "webhook.api_key: \"%.100s\" is none of the API keys", wanted);
  return false;
}

bool oh_config_finish(struct oh_config *config, char error[OH_CONFIG_ERROR_MAX]) {
  if (!finish_sites(config, error) || !gather_keys(config, error)) return false;
  if (config->key_count == 0) {
    if (!make_development_key(config, error)) return false;
    // Media doors are silent to whoever got no credentials through the HTTP door, so only that one hides.
    if (!oh_config_was_set(config, "rtc.enable_loopback_candidate"))
      config->rtc.enable_loopback_candidate = true;
    if (config->bind_addresses.count == 0) set_default_list(config, "bind_addresses", "127.0.0.1,::1");
    if (!all_loopback(&config->bind_addresses)) {
      snprintf(
          error, OH_CONFIG_ERROR_MAX,
          "there is no API key, so only this machine may reach the server. Run `offhook keys generate` and "
          "set LIVEKIT_API_KEY and LIVEKIT_API_SECRET, or leave bind_addresses out");
      return false;
    }
  }
  if (!finish_webhooks(config, error) || !oh_config_finish_turn(config, error)) return false;
  if (config->bind_addresses.count == 0) set_default_list(config, "bind_addresses", "0.0.0.0,::");
  bool private = all_loopback(&config->bind_addresses);
  if (!private && !refuse_weak_keys(config, error)) return false;
  if (config->rtc.bind_addresses.count == 0) set_default_list(config, "rtc.bind_addresses", "0.0.0.0,::");
  bool has_cert = config->tls.cert && *config->tls.cert, has_key = config->tls.key && *config->tls.key;
  if (has_cert != has_key) {
    snprintf(error, OH_CONFIG_ERROR_MAX, "tls.cert and tls.key belong together; %s is missing",
             has_cert ? "tls.key" : "tls.cert");
    return false;
  }
  for (size_t i = 0; i < config->rtc.stun_servers.count;
       i++) { // LiveKit's form is host:port, browsers want a URL
    char **item = &config->rtc.stun_servers.items[i], *plain = *item;
    if (strncmp(plain, "stun:", 5) == 0) continue;
    if (asprintf(item, "stun:%s", plain) < 0) abort();
    free(plain);
  }
  const char *urls[] = {config->livekit_host, config->public_url};
  for (size_t i = 0; i < 2; i++) {
    struct oh_str url = oh_str(urls[i]);
    if (!url.len || oh_str_starts(url, OH_STR("ws://")) || oh_str_starts(url, OH_STR("wss://")) ||
        oh_str_starts(url, OH_STR("http://")) || oh_str_starts(url, OH_STR("https://")))
      continue;
    snprintf(error, OH_CONFIG_ERROR_MAX, "%s begins with wss://, ws://, https:// or http://, not \"%s\"",
             i ? "public_url" : "LIVEKIT_HOST", urls[i]);
    return false;
  }
  return true;
}

bool oh_config_load(struct oh_config *config, int count, char *const *args, char *const *environment,
                    char error[OH_CONFIG_ERROR_MAX]) {
  const char *path = env_value(environment, "LIVEKIT_CONFIG_FILE");
  const char *inline_text = env_value(environment, "LIVEKIT_CONFIG");
  for (int i = 0; i < count; i++) {
    if (strcmp(args[i], "--config") == 0 && i + 1 < count) path = args[i + 1];
    if (strncmp(args[i], "--config=", 9) == 0) path = args[i] + 9;
  }
  oh_config_init(config);
  bool ok = true;
  if (path && *path)
    ok = oh_config_read_file(config, path, error);
  else if (inline_text && *inline_text && !strpbrk(inline_text, ":\n")) // a path where text is expected
    ok = oh_config_read_file(config, inline_text, error);
  else if (inline_text && *inline_text)
    ok = oh_config_read_yaml(config, "LIVEKIT_CONFIG", inline_text, strlen(inline_text), error);
  ok = ok && oh_config_read_environment(config, environment, error) &&
       oh_config_read_flags(config, count, args, error) && oh_config_finish(config, error);
  return ok;
}
