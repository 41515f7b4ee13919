// checkup.h — a list of findings, each a check that was made with its verdict, what was seen, and how to mend
// it: what GET /api/voice/diagnostics answers and `offhook doctor` prints.
#pragma once
#include "base/text.h"
#include <stdint.h>

enum oh_verdict { OH_VERDICT_OK, OH_VERDICT_WARN, OH_VERDICT_FAIL };

#define OH_FINDINGS_MAX 64
#define OH_FINDING_BYTES 512

struct oh_finding {
  const char *id; // "origin": static text, stable
  enum oh_verdict verdict;
  char seen[OH_FINDING_BYTES]; // a sentence
  const char *fix;             // a sentence, static text; NULL when there is nothing to mend
};
struct oh_checkup {
  struct oh_finding findings[OH_FINDINGS_MAX];
  uint32_t count;
};

// `fix` is left out of findings that are OK.
__attribute__((format(printf, 5, 6))) void oh_checkup_add(struct oh_checkup *checkup, const char *id,
                                                          enum oh_verdict verdict, const char *fix,
                                                          const char *seen, ...);
enum oh_verdict oh_checkup_worst(const struct oh_checkup *checkup);
const char *oh_verdict_name(enum oh_verdict verdict); // "ok", "warn", "fail"
// [{"id", "verdict", "seen", "fix"?}]
void oh_checkup_write_json(const struct oh_checkup *checkup, struct oh_text *json);
// For people: "fail  origin      …" and the remedy in a line of its own.
void oh_checkup_write_text(const struct oh_checkup *checkup, struct oh_text *out);

// Adds text as a JSON string, with its quotes.
void oh_checkup_quote(struct oh_str text, struct oh_text *json);
