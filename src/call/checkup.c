// checkup.c — see checkup.h
#include "call/checkup.h"
#include "base/check.h"
#include <stdarg.h>
#include <stdio.h>

void oh_checkup_add(struct oh_checkup *checkup, const char *id, enum oh_verdict verdict, const char *fix,
                    const char *seen, ...) {
  OH_CHECK(checkup->count < OH_FINDINGS_MAX);
  struct oh_finding *finding = &checkup->findings[checkup->count++];
  *finding = (struct oh_finding){.id = id, .verdict = verdict, .fix = verdict == OH_VERDICT_OK ? NULL : fix};
  va_list args;
  va_start(args, seen);
  vsnprintf(finding->seen, sizeof finding->seen, seen, args);
  va_end(args);
}

enum oh_verdict oh_checkup_worst(const struct oh_checkup *checkup) {
  enum oh_verdict worst = OH_VERDICT_OK;
  for (uint32_t i = 0; i < checkup->count; i++)
    if (checkup->findings[i].verdict > worst) worst = checkup->findings[i].verdict;
  return worst;
}

const char *oh_verdict_name(enum oh_verdict verdict) {
  static const char *const names[] = {"ok", "warn", "fail"};
  return names[verdict];
}

void oh_checkup_quote(struct oh_str text, struct oh_text *json) {
  oh_text_addc(json, '"');
  bool readable = oh_str_is_utf8(text); // a cut in the middle of a letter, or a stranger's bytes
  for (size_t i = 0; i < text.len; i++) {
    unsigned char c = (unsigned char)text.data[i];
    if (c == '"' || c == '\\')
      oh_text_addf(json, "\\%c", c);
    else if (c < ' ' || c == 0x7f || (c > 0x7f && !readable))
      oh_text_addc(json, '?');
    else
      oh_text_addc(json, (char)c);
  }
  oh_text_addc(json, '"');
}

void oh_checkup_write_json(const struct oh_checkup *checkup, struct oh_text *json) {
  oh_text_addc(json, '[');
  for (uint32_t i = 0; i < checkup->count; i++) {
    const struct oh_finding *finding = &checkup->findings[i];
    oh_text_addf(json, "%s{\"id\":\"%s\",\"verdict\":\"%s\",\"seen\":", i ? "," : "", finding->id,
                 oh_verdict_name(finding->verdict));
    oh_checkup_quote(oh_str(finding->seen), json);
    if (finding->fix) {
      oh_text_adds(json, ",\"fix\":");
      oh_checkup_quote(oh_str(finding->fix), json);
    }
    oh_text_addc(json, '}');
  }
  oh_text_addc(json, ']');
}

void oh_checkup_write_text(const struct oh_checkup *checkup, struct oh_text *out) {
  uint32_t counts[3] = {0};
  for (uint32_t i = 0; i < checkup->count; i++) {
    const struct oh_finding *finding = &checkup->findings[i];
    counts[finding->verdict]++;
    oh_text_addf(out, "%-4s  %-16s %s\n", oh_verdict_name(finding->verdict), finding->id, finding->seen);
    if (finding->fix) oh_text_addf(out, "%24s→ %s\n", "", finding->fix);
  }
  oh_text_addf(out, "%u ok, %u to look at, %u to mend\n", counts[0], counts[1], counts[2]);
}
