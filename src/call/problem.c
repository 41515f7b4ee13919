// problem.c — see problem.h
#include "call/problem.h"
#include "base/check.h"

#define PROBLEM_ROW(code, status, title, remedy) {status, #code, title, remedy},
static const struct {
  int status;
  const char *code, *title, *remedy;
} rows[] = {OH_PROBLEMS(PROBLEM_ROW)};

int oh_problem_status(enum oh_problem problem) {
  OH_CHECK(problem > OH_PROBLEM_NONE && problem < OH_PROBLEM_COUNT);
  return rows[problem].status;
}

const char *oh_problem_code(enum oh_problem problem) {
  OH_CHECK(problem > OH_PROBLEM_NONE && problem < OH_PROBLEM_COUNT);
  return rows[problem].code;
}

void oh_problem_write(enum oh_problem problem, uint32_t retry_after_s, struct oh_str members,
                      struct oh_text *json) {
  OH_CHECK(problem > OH_PROBLEM_NONE && problem < OH_PROBLEM_COUNT);
  // The texts are ours and hold nothing that JSON would need escaped.
  oh_text_addf(
      json,
      "{\"type\":\"urn:offhook:problem:%s\",\"title\":\"%s\",\"status\":%d,\"detail\":\"%s\",\"code\":\"%s\"",
      rows[problem].code, rows[problem].title, rows[problem].status, rows[problem].remedy,
      rows[problem].code);
  if (retry_after_s) oh_text_addf(json, ",\"retryAfter\":%u", retry_after_s);
  oh_text_add(json, members);
  oh_text_addc(json, '}');
}
