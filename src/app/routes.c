// routes.c — see routes.h
#include "app/routes.h"
#include "app/metrics.h"
#include "app/voice_api.h"
#include "livekit/service.h"

static void print(FILE *out, const char *method, const char *path, const char *who) {
  fprintf(out, "%-5s %-56s %s\n", method, path, who);
}

static void print_methods(FILE *out) {
  for (const struct oh_method *method = NULL; (method = oh_method_next(method)) != NULL;) {
    char path[128];
    snprintf(path, sizeof path, OH_TWIRP_PREFIX "%s/%s", method->service, method->name);
    print(out, "POST", path, oh_grant_name(method->grant));
  }
}

void oh_routes_print(FILE *out) {
  const char *method, *path, *who;
  size_t cursor = 0;
  while (oh_web_next_route(&cursor, &path, &who))
    print(out, "GET", path, who);
  print(out, "GET", "/*", "anyone"); // the page's files, and what call_link.h makes
  cursor = 0;
  while (oh_voice_next_route(&cursor, &method, &path, &who))
    print(out, method, path, who);
  print_methods(out);
  cursor = 0;
  while (oh_metrics_next_route(&cursor, &path)) {
    char place[64];
    snprintf(place, sizeof place, "admin.port%s", path);
    print(out, "GET", place, "who reaches admin.bind");
  }
}
