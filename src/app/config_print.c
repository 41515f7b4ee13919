// config_print.c — the configuration for people: effective values, --help, the table in the documentation.
#include "app/config_keys.h"
#include <stdlib.h>

// A scalar that any YAML reader takes as the same text.
static void print_quoted(FILE *out, const char *text) {
  size_t plain = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-/.");
  if (*text && text[plain] == 0 && *text != '-' && *text != '.') {
    fputs(text, out);
    return;
  }
  fputc('"', out);
  for (const char *p = text; *p; p++) {
    if ((unsigned char)*p < 0x20 || *p == 0x7f)
      fprintf(out, "\\x%02x", (unsigned char)*p);
    else if (*p == '"' || *p == '\\')
      fprintf(out, "\\%c", *p);
    else
      fputc(*p, out);
  }
  fputc('"', out);
}

static void print_value(const struct oh_config *config, const struct oh_config_key *key, FILE *out) {
  const void *at = oh_config_at(config, key);
  const struct oh_strings *list = at;
  switch (key->type) {
  case OH_CONFIG_BOOL: fputs(*(const bool *)at ? "true" : "false", out); break;
  case OH_CONFIG_NUMBER: fprintf(out, "%u", *(const uint32_t *)at); break;
  case OH_CONFIG_STRING: {
    const char *text = *(char *const *)at;
    if (key->secret && text && *text)
      fputs("\"(redacted)\"", out);
    else
      print_quoted(out, text ? text : "");
    break;
  }
  case OH_CONFIG_LIST:
    fputc('[', out);
    for (size_t i = 0; i < list->count; i++) {
      fputs(i ? ", " : "", out);
      print_quoted(out, list->items[i]);
    }
    fputc(']', out);
    break;
  case OH_CONFIG_MAP: break;
  }
}

void oh_config_print(const struct oh_config *config, FILE *out) {
  const char *group = "";
  size_t group_len = 0;
  for (size_t i = 0; i < oh_config_key_count; i++) {
    const struct oh_config_key *key = &oh_config_keys[i];
    if (key->type == OH_CONFIG_MAP || strcmp(key->path, "api_key") == 0 ||
        strcmp(key->path, "api_secret") == 0 || strcmp(key->path, "key_file") == 0)
      continue; // together, below
    const char *leaf = strchr(key->path, '.');
    if (leaf) {
      if (group_len != (size_t)(leaf - key->path) || strncmp(group, key->path, group_len) != 0)
        fprintf(out, "%.*s:\n", (int)(leaf - key->path), key->path);
      group = key->path;
      group_len = (size_t)(leaf - key->path);
    }
    fprintf(out, "%s%s: ", leaf ? "  " : "", leaf ? leaf + 1 : key->path);
    print_value(config, key, out);
    fprintf(out, "  # %s\n", config->sources[i] ? config->sources[i] : "default");
  }
  fputs("keys:\n", out);
  for (size_t i = 0; i < config->key_count; i++) {
    fputs("  ", out);
    print_quoted(out, config->key_items[i].id);
    fprintf(out, ": \"(redacted)\"%s\n", config->development ? "  # made at each start" : "");
  }
}

static void print_default(const struct oh_config_key *key, FILE *out) {
  if (!key->initial || !*key->initial)
    fputs("—", out);
  else
    fprintf(out, "%s%s", key->initial, key->unit && strcmp(key->initial, "0") != 0 ? key->unit : "");
}

void oh_config_print_help(FILE *out) {
  fputs("  --config FILE\n        LIVEKIT_CONFIG_FILE; or the YAML text itself in LIVEKIT_CONFIG\n", out);
  for (size_t i = 0; i < oh_config_key_count; i++) {
    const struct oh_config_key *key = &oh_config_keys[i];
    char env[80], flag[80];
    oh_config_env_name(key, env);
    oh_config_flag_name(key, flag);
    if (key->secret)
      fprintf(out, "  %s (no flag: a secret)\n", key->path);
    else if (key->flag && strcmp(key->flag, flag + 2) != 0)
      fprintf(out, "  --%s, %s\n", key->flag, flag);
    else
      fprintf(out, "  %s\n", flag);
    fprintf(out, "        %s", key->help);
    if (key->choices) fprintf(out, " (%s)", key->choices);
    fputs("\n        key ", out);
    fprintf(out, "%s, env %s%s%s%s; default ", key->path, key->env ? key->env : "",
            key->env && strcmp(key->env, env) != 0 ? " or " : "",
            key->env && strcmp(key->env, env) == 0 ? "" : env, key->secret ? " (or …_FILE)" : "");
    print_default(key, out);
    fputc('\n', out);
  }
}

void oh_config_print_table(FILE *out) {
  fputs("| key | variable | flag | default | SIGHUP | meaning |\n|---|---|---|---|---|---|\n", out);
  for (size_t i = 0; i < oh_config_key_count; i++) {
    const struct oh_config_key *key = &oh_config_keys[i];
    char env[80], flag[80];
    oh_config_env_name(key, env);
    oh_config_flag_name(key, flag);
    fprintf(out, "| `%s` | ", key->path);
    if (key->env && strcmp(key->env, env) != 0) fprintf(out, "`%s`, ", key->env);
    fprintf(out, "`%s`%s | ", env, key->secret ? " (or `…_FILE`)" : "");
    if (key->secret)
      fputs("none", out);
    else if (key->flag && strcmp(key->flag, flag + 2) != 0)
      fprintf(out, "`--%s`, `%s`", key->flag, flag);
    else
      fprintf(out, "`%s`", flag);
    fputs(" | ", out);
    print_default(key, out);
    fprintf(out, " | %s | %s%s", key->reload ? "yes" : "restart", key->help, key->choices ? " (" : "");
    for (const char *p = key->choices; p && *p; p++)
      fprintf(out, *p == '|' ? ", " : "%c", *p);
    fprintf(out, "%s |\n", key->choices ? ")" : "");
  }
}

static bool lists_differ(const struct oh_strings *a, const struct oh_strings *b) {
  if (a->count != b->count) return true;
  for (size_t i = 0; i < a->count; i++)
    if (strcmp(a->items[i], b->items[i]) != 0) return true;
  return false;
}

static bool values_differ(const struct oh_config *a, const struct oh_config *b,
                          const struct oh_config_key *key) {
  const void *at_a = oh_config_at(a, key), *at_b = oh_config_at(b, key);
  switch (key->type) {
  case OH_CONFIG_BOOL: return *(const bool *)at_a != *(const bool *)at_b;
  case OH_CONFIG_NUMBER: return *(const uint32_t *)at_a != *(const uint32_t *)at_b;
  case OH_CONFIG_STRING: {
    const char *text_a = *(char *const *)at_a, *text_b = *(char *const *)at_b;
    return strcmp(text_a ? text_a : "", text_b ? text_b : "") != 0;
  }
  case OH_CONFIG_LIST:
  case OH_CONFIG_MAP: return lists_differ(at_a, at_b);
  }
  return false;
}

void oh_config_fixed_changes(const struct oh_config *before, const struct oh_config *after,
                             struct oh_text *paths) {
  for (size_t i = 0; i < oh_config_key_count; i++)
    if (!oh_config_keys[i].reload && values_differ(before, after, &oh_config_keys[i]))
      oh_text_addf(paths, "%s%s", paths->len ? " " : "", oh_config_keys[i].path);
}
