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

// "de.greeting: Guten Tag" and so on as {"de": {"greeting": "Guten Tag"}}.
static void print_map(const struct oh_strings *list, FILE *out) {
  struct oh_str group = {0};
  fputc('{', out);
  for (size_t i = 0; i < list->count; i++) {
    struct oh_str language, field, text;
    if (!oh_site_read_preset(list->items[i], &language, &field, &text)) continue;
    bool same = oh_str_eq(group, language);
    if (!same && group.len) fputs("}, ", out);
    fprintf(out, same ? ", " : "\"%.*s\": {", OH_STR_ARG(language));
    fprintf(out, "\"%.*s\": ", OH_STR_ARG(field));
    print_quoted(out, text.data);
    group = language;
  }
  fputs(group.len ? "}}" : "}", out);
}

static void print_value(const struct oh_config *config, size_t site, const struct oh_config_key *key,
                        FILE *out) {
  const void *at = oh_config_at(config, site, key);
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
      print_quoted(out, key->secret ? "(redacted)" : list->items[i]);
    }
    fputc(']', out);
    break;
  case OH_CONFIG_MAP: print_map(list, out); break;
  }
}

static bool is_of_keys(const struct oh_config_key *key) { // printed together, below
  static const char *const paths[] = {"keys", "api_key", "api_secret", "key_file"};
  for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
    if (strcmp(key->path, paths[i]) == 0) return true;
  return false;
}

// One key with the groups that begin with it: "voice.clerk.issuer" after "voice.label" begins "clerk:".
static void print_key(const struct oh_config *config, size_t site, const struct oh_config_key *key,
                      const char *before, int indent, FILE *out) {
  const char *leaf = key->path + (site ? strlen("voice.") : 0);
  bool same = true;
  for (const char *dot; (dot = strchr(leaf, '.')); leaf = dot + 1, indent += 2) {
    size_t len = (size_t)(dot + 1 - key->path);
    same = same && strncmp(before, key->path, len) == 0;
    if (!same) fprintf(out, "%*s%.*s:\n", indent, "", (int)(dot - leaf), leaf);
  }
  const char *source = config->sources[site][key - oh_config_keys];
  fprintf(out, "%*s%s: ", indent, "", leaf);
  print_value(config, site, key, out);
  fprintf(out, "  # %s\n", source ? source : "default");
}

static void print_sites(const struct oh_config *config, FILE *out) { // what is set; the rest is default
  if (config->sites.count > 1) fputs("  sites:\n", out);
  for (size_t site = 1; site < config->sites.count; site++) {
    const char *before = "";
    fprintf(out, "    \"%s\":\n", config->sites.items[site].id);
    for (size_t i = 0; i < oh_config_key_count; i++) {
      const struct oh_config_key *key = &oh_config_keys[i];
      if (!key->site || !config->sources[site][i]) continue;
      print_key(config, site, key, before, 6, out);
      before = key->path;
    }
  }
}

void oh_config_print(const struct oh_config *config, FILE *out) {
  const char *before = "";
  for (size_t i = 0; i < oh_config_key_count; i++) {
    const struct oh_config_key *key = &oh_config_keys[i];
    if (is_of_keys(key)) continue;
    bool voice_ends = strncmp(before, "voice.", 6) == 0 && strncmp(key->path, "voice.", 6) != 0;
    if (voice_ends) print_sites(config, out);
    print_key(config, 0, key, before, 0, out);
    before = key->path;
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

static void print_variables(const struct oh_config_key *key, const char *between, const char *mark,
                            FILE *out) {
  char env[80];
  oh_config_env_name(key, env);
  const char *more[] = {key->env, key->other_env};
  for (size_t i = 0; i < 2; i++)
    if (more[i] && strcmp(more[i], env) != 0) fprintf(out, "%s%s%s%s", mark, more[i], mark, between);
  fprintf(out, "%s%s%s", mark, env, mark);
}

void oh_config_print_help(FILE *out) {
  fputs("  --config FILE\n        LIVEKIT_CONFIG_FILE; or the YAML text itself in LIVEKIT_CONFIG\n", out);
  for (size_t i = 0; i < oh_config_key_count; i++) {
    const struct oh_config_key *key = &oh_config_keys[i];
    char flag[80];
    oh_config_flag_name(key, flag);
    if (key->secret)
      fprintf(out, "  %s (no flag: a secret)\n", key->path);
    else if (key->flag && strcmp(key->flag, flag + 2) != 0)
      fprintf(out, "  --%s, %s\n", key->flag, flag);
    else
      fprintf(out, "  %s\n", flag);
    fprintf(out, "        %s", key->help);
    if (key->choices) fprintf(out, " (%s)", key->choices);
    fprintf(out, "\n        key %s, env ", key->path);
    print_variables(key, " or ", "", out);
    fputs(key->secret ? " (or …_FILE); default " : "; default ", out);
    print_default(key, out);
    fputc('\n', out);
  }
}

void oh_config_print_table(FILE *out) {
  fputs("| key | variable | flag | default | SIGHUP | meaning |\n|---|---|---|---|---|---|\n", out);
  for (size_t i = 0; i < oh_config_key_count; i++) {
    const struct oh_config_key *key = &oh_config_keys[i];
    char flag[80];
    oh_config_flag_name(key, flag);
    fprintf(out, "| `%s` | ", key->path);
    print_variables(key, ", ", "`", out);
    fputs(key->secret ? " (or `…_FILE`) | " : " | ", out);
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
  const void *at_a = oh_config_at(a, 0, key), *at_b = oh_config_at(b, 0, key);
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
