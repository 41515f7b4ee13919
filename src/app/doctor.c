// doctor.c — `offhook doctor`: is everything in place for calls, and if not, what to do? doctor_probes.c
// looks, doctor_checks.c judges.
#include "app/doctor.h"
#include "app/command.h"
#include "app/config_keys.h"
#include "app/doctor_probes.h"
#include "app/version.h"
#include "base/check.h"
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define ARGUMENTS_MAX 256

struct arguments {
  struct oh_doctor_wish wish;
  bool production, json;
  char *config_args[ARGUMENTS_MAX]; // flags of serve
  int config_count;
};

// Whether a flag of serve is followed by its value, which may look like our URL.
static bool takes_value(const char *flag) {
  if (strcmp(flag, "--config") == 0) return true;
  for (size_t i = 0; i < oh_config_key_count; i++) {
    const struct oh_config_key *key = &oh_config_keys[i];
    char name[80];
    oh_config_flag_name(key, name);
    bool same = strcmp(flag, name) == 0 || (key->flag && strcmp(flag + 2, key->flag) == 0);
    if (same) return key->type != OH_CONFIG_BOOL;
  }
  return false;
}

static bool read_arguments(struct arguments *a, int count, char **args) {
  const struct {
    const char *flag, **value;
    bool *on;
  } flags[] = {{"--production", NULL, &a->production},
               {"--json", NULL, &a->json},
               {"--page", &a->wish.page_url, NULL},
               {"--origin", &a->wish.origin, NULL},
               {"--ca", &a->wish.ca_file, NULL}};
  for (int i = 0; i < count; i++) {
    size_t f = 0, flag_count = sizeof flags / sizeof flags[0];
    while (f < flag_count && strcmp(args[i], flags[f].flag) != 0)
      f++;
    if (f < flag_count && flags[f].on) {
      *flags[f].on = true;
    } else if (f < flag_count) {
      if (++i == count) return fprintf(stderr, "offhook: %s needs a value\n", args[i - 1]), false;
      *flags[f].value = args[i];
    } else if (strncmp(args[i], "http://", 7) == 0 || strncmp(args[i], "https://", 8) == 0) {
      if (a->wish.url) return fprintf(stderr, "offhook: one URL only, not also %s\n", args[i]), false;
      if (strlen(args[i]) > 400) return fputs("offhook: that URL is too long\n", stderr), false;
      a->wish.url = args[i];
    } else if (a->config_count < ARGUMENTS_MAX - 1) {
      bool two = strncmp(args[i], "--", 2) == 0 && takes_value(args[i]) && i + 1 < count;
      a->config_args[a->config_count++] = args[i];
      if (two) a->config_args[a->config_count++] = args[++i];
    }
  }
  return true;
}

static void print(const struct arguments *a, const struct oh_doctor_facts *facts,
                  const struct oh_checkup *checkup) {
  struct oh_text out;
  oh_text_init(&out, 128 * 1024);
  bool ok = oh_checkup_worst(checkup) < OH_VERDICT_FAIL;
  if (a->json) {
    oh_text_addf(&out, "{\"version\":\"" OH_VERSION "\",\"ok\":%s,\"production\":%s,\"url\":",
                 ok ? "true" : "false", a->production ? "true" : "false");
    oh_checkup_quote(oh_str(facts->url ? facts->url : ""), &out);
    oh_text_adds(&out, ",\"checks\":");
    oh_checkup_write_json(checkup, &out);
    oh_text_adds(&out, "}\n");
  } else {
    oh_text_addf(&out, "offhook " OH_VERSION " looks at %s%s\n",
                 facts->url ? facts->url : "this machine; no server runs here",
                 a->production ? ", as for production" : "");
    oh_checkup_write_text(checkup, &out);
  }
  OH_CHECK(!out.failed);
  fputs(out.data, stdout);
  oh_text_fini(&out);
}

int oh_doctor_command(int count, char **args) {
  struct arguments a = {0};
  struct oh_config config;
  char error[OH_CONFIG_ERROR_MAX] = "", url[512];
  if (!read_arguments(&a, count, args)) return 2;
  signal(SIGPIPE, SIG_IGN);
  struct oh_doctor_facts *facts = calloc(1, sizeof *facts);
  struct oh_checkup *checkup = calloc(1, sizeof *checkup);
  OH_CHECK(facts && checkup);
  facts->config = &config;
  facts->production = a.production;
  if (!oh_config_load(&config, a.config_count, a.config_args, environ, error)) facts->config_error = error;
  oh_doctor_probe(&a.wish, facts, url);
  oh_doctor_check(facts, checkup);
  print(&a, facts, checkup);
  int status = oh_checkup_worst(checkup) == OH_VERDICT_FAIL;
  oh_config_fini(&config);
  free(facts);
  free(checkup);
  return status;
}
