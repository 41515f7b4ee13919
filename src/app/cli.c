// cli.c — the small commands: help, version, keys, tokens, check-config.
#include "app/command.h"
#include "app/config.h"
#include "app/routes.h"
#include "app/version.h"
#include "base/check.h"
#include "base/limits.h"
#include "io/clock.h"
#include "io/entropy.h"
#include <stdlib.h>
#include <unistd.h>

int oh_version_command(int count, char **args) {
  (void)count, (void)args;
  puts("offhook " OH_VERSION);
  return 0;
}

static void print_usage(void) {
  puts("offhook — a voice call button for any website, and everything behind it\n\n"
       "usage: offhook COMMAND [flags]\n\ncommands:");
  for (const struct oh_command *command = oh_commands; command->name; command++)
    printf("  %-14s %s\n", command->name, command->summary);
  puts("\nflags of serve and check-config (later wins: default, file, environment, flag):\n"
       "  --check-config\n        serve: print the effective configuration and end");
  oh_config_print_help(stdout);
}

int oh_help_command(int count, char **args) {
  if (count == 0) return print_usage(), 0;
  if (strcmp(args[0], "config") == 0) return oh_config_print_help(stdout), 0;
  if (strcmp(args[0], "config-table") == 0) return oh_config_print_table(stdout), 0;
  if (strcmp(args[0], "routes") == 0) return oh_routes_print(stdout), 0;
  for (const struct oh_command *command = oh_commands; command->name; command++) {
    size_t first = strcspn(command->name, " ");
    bool by_first_word = strlen(args[0]) == first && strncmp(args[0], command->name, first) == 0;
    if (!by_first_word && strcmp(args[0], command->name) != 0) continue;
    printf("offhook %s — %s\n", command->name, command->summary);
    if (command->usage) printf("\nusage: %s", command->usage);
    if (strcmp(command->name, "serve") == 0 || strcmp(command->name, "check-config") == 0) {
      puts("\nflags:");
      oh_config_print_help(stdout);
    }
    return 0;
  }
  fprintf(stderr, "offhook: there is no command \"%s\"\n", args[0]);
  return 2;
}

static void random_letters(char *out, size_t count) {
  static const char alphabet[] =
      "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"; // none look alike
  struct oh_random random = oh_entropy();
  for (size_t i = 0; i < count;) {
    uint8_t byte;
    oh_random_fill(&random, &byte, 1);
    if (byte < 256 - 256 % (sizeof alphabet - 1)) out[i++] = alphabet[byte % (sizeof alphabet - 1)];
  }
  out[count] = 0;
}

int oh_keys_generate_command(int count, char **args) {
  if (count) {
    fprintf(stderr, "offhook: keys generate takes no arguments, not \"%s\"\n", args[0]);
    return 2;
  }
  char id[13], secret[45]; // about 256 bits
  random_letters(id, 12);
  random_letters(secret, 44);
  printf("LIVEKIT_API_KEY=API%s\nLIVEKIT_API_SECRET=%s\n", id, secret);
  return 0;
}

int oh_check_config_command(int count, char **args) {
  struct oh_config config;
  char error[OH_CONFIG_ERROR_MAX];
  bool ok = oh_config_load(&config, count, args, environ, error);
  if (ok)
    oh_config_print(&config, stdout);
  else
    fprintf(stderr, "offhook: %s\n", error);
  oh_config_fini(&config);
  return ok ? 0 : 1;
}

// ---- token create

struct token_wish {
  struct oh_claims claims;
  uint64_t ttl_s;
  char *config_args[2];
  int config_count;
};

static void replace(char **text, const char *with) {
  free(*text);
  *text = oh_str_dup(oh_str(with));
}

static bool read_ttl(const char *text, uint64_t *seconds) {
  struct oh_str digits = oh_str(text);
  uint64_t unit = 1, n;
  if (digits.len && strchr("smhd", digits.data[digits.len - 1])) {
    char c = digits.data[--digits.len];
    unit = c == 's' ? 1 : c == 'm' ? 60 : c == 'h' ? 3600 : 86400;
  }
  if (!oh_str_to_u64(digits, 10u * 365 * 86400 / unit, &n) || n == 0) return false;
  *seconds = n * unit;
  return true;
}

static bool add_source(struct oh_video_grant *video, const char *name) {
  static const char *const sources[] = {"", "camera", "microphone", "screen_share", "screen_share_audio"};
  for (unsigned int i = 1; i < 5; i++)
    if (strcmp(name, sources[i]) == 0) return video->can_publish_sources |= OH_SOURCES_LISTED | 1u << i, true;
  return false;
}

static bool add_attribute(struct oh_claims *claims, const char *pair) {
  struct oh_str value = oh_str(pair), key = oh_str_cut(&value, '=');
  if (key.len == 0 || key.len == strlen(pair)) return false;
  claims->attributes =
      reallocarray(claims->attributes, 2 * (claims->attribute_count + 1), sizeof *claims->attributes);
  OH_CHECK(claims->attributes);
  claims->attributes[2 * claims->attribute_count] = oh_str_dup(key);
  claims->attributes[2 * claims->attribute_count + 1] = oh_str_dup(value);
  claims->attribute_count++;
  return true;
}

// 1: it was such a flag.
static bool take_switch(struct token_wish *wish, const char *flag) {
  struct oh_video_grant *video = &wish->claims.video;
  const struct {
    const char *flag;
    bool *at, value;
  } switches[] = {
      {"--hidden", &video->hidden, true},
      {"--agent", &video->agent, true},
      {"--admin", &video->room_admin, true},
      {"--no-publish", &video->can_publish, false},
      {"--no-data", &video->can_publish_data, false},
      {"--no-subscribe", &video->can_subscribe, false},
      {"--recorder", &video->recorder, true},
      {"--update-own-metadata", &video->can_update_own_metadata, true},
      {"--create", &video->room_create, true},
      {"--list", &video->room_list, true},
      {"--record", &video->room_record, true},
  };
  for (size_t i = 0; i < sizeof switches / sizeof switches[0]; i++) {
    if (strcmp(flag, switches[i].flag) != 0) continue;
    *switches[i].at = switches[i].value;
    if (switches[i].at == &video->agent) replace(&wish->claims.kind, "agent");
    return true;
  }
  return false;
}

// NULL: taken. Otherwise what is wrong.
static const char *take_value(struct token_wish *wish, const char *flag, char *value) {
  struct oh_claims *claims = &wish->claims;
  if (strcmp(flag, "--room") == 0)
    replace(&claims->video.room, value);
  else if (strcmp(flag, "--identity") == 0)
    replace(&claims->identity, value);
  else if (strcmp(flag, "--name") == 0)
    replace(&claims->name, value);
  else if (strcmp(flag, "--metadata") == 0)
    replace(&claims->metadata, value);
  else if (strcmp(flag, "--ttl") == 0)
    return read_ttl(value, &wish->ttl_s) ? NULL : "--ttl is like 300, 10m, 6h or 2d";
  else if (strcmp(flag, "--source") == 0)
    return add_source(&claims->video, value)
               ? NULL
               : "--source is camera, microphone, screen_share or screen_share_audio";
  else if (strcmp(flag, "--attribute") == 0)
    return add_attribute(claims, value) ? NULL : "--attribute is key=value";
  else if (strcmp(flag, "--config") == 0) {
    wish->config_args[0] = (char *)(uintptr_t) "--config";
    wish->config_args[1] = value;
    wish->config_count = 2;
  } else
    return "unknown flag; see `offhook help token`";
  return NULL;
}

static bool read_wish(struct token_wish *wish, int count, char **args) {
  for (int i = 0; i < count; i++) {
    if (take_switch(wish, args[i])) continue;
    char *value = strchr(args[i], '=') && strncmp(args[i], "--", 2) == 0 ? strchr(args[i], '=') + 1 : NULL;
    char flag[64];
    snprintf(flag, sizeof flag, "%.*s", (int)(value ? value - 1 - args[i] : (long)strlen(args[i])), args[i]);
    if (!value && i + 1 < count) value = args[++i];
    const char *wrong = value ? take_value(wish, flag, value) : "needs a value, or is unknown";
    if (!wrong) continue;
    fprintf(stderr, "offhook: %s: %s\n", flag, wrong);
    return false;
  }
  struct oh_claims *claims = &wish->claims;
  if (!*claims->video.room || !*claims->identity) {
    fputs("offhook: a token needs --room and --identity\n", stderr);
    return false;
  }
  if (strlen(claims->video.room) > OH_ROOM_NAME_MAX || strlen(claims->identity) > OH_IDENTITY_MAX) {
    fputs("offhook: room and identity have at most 256 bytes\n", stderr);
    return false;
  }
  return true;
}

int oh_token_create_command(int count, char **args) {
  struct token_wish wish = {.ttl_s = 6 * 3600}; // as LiveKit's SDKs
  oh_claims_init(&wish.claims);
  wish.claims.has_video = wish.claims.video.room_join = true;
  struct oh_config config = {0};
  char error[OH_CONFIG_ERROR_MAX];
  int status = 2;
  bool ok = read_wish(&wish, count, args), loaded = false;
  if (ok) {
    loaded = true;
    status = 1;
    ok = oh_config_load(&config, wish.config_count, wish.config_args, environ, error);
    if (!ok) fprintf(stderr, "offhook: %s\n", error);
  }
  if (ok && config.development) {
    fputs("offhook: there is no API key to sign with; set LIVEKIT_API_KEY and LIVEKIT_API_SECRET to those of "
          "the "
          "server (it prints them at its start if it made them up)\n",
          stderr);
    ok = false;
  }
  if (ok) {
    int64_t unix_us = oh_clock_us() + oh_clock_unix_offset_us();
    wish.claims.expires_unix_s = unix_us / 1000000 + (int64_t)wish.ttl_s;
    char *token = oh_token_write(&wish.claims, &config.key_items[0]);
    OH_CHECK(token);
    puts(token);
    free(token);
    status = 0;
  }
  if (loaded) oh_config_fini(&config);
  oh_claims_fini(&wish.claims);
  return status;
}
