// ticket.c — bodies of token requests, and the Origin and Host that come with them (first two lines).
#include "call/ticket.h"
#include "base/check.h"
#include "call/origin.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void fill(void *ctx, void *buffer, size_t len) {
  (void)ctx;
  memset(buffer, 0x5a, len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  static const char *const rules[] = {"https://a.test", "https://*.b.test"};
  struct oh_str rest = {(const char *)data, len};
  struct oh_str origin = oh_str_cut(&rest, '\n'), host = oh_str_cut(&rest, '\n');
  bool same = oh_origin_is_same(origin, host);
  OH_CHECK(!same || oh_origin_allowed(origin, host, rules, 2));
  OH_CHECK(!same || oh_host_is_valid(host));
  struct oh_site site = {.id = "default", .token_ttl_s = 60, .invite_ttl_s = 60, .echo = true};
  struct oh_random random = {.fill = fill};
  struct oh_text answer;
  oh_text_init(&answer, 65536);
  struct oh_bytes body = {(const uint8_t *)rest.data, rest.len};
  struct oh_ticket_office office = {.site = &site,
                                    .key = {"k", "0123456789abcdef0123456789abcdef"},
                                    .server_url = "wss://a.test",
                                    .page_url = "https://a.test",
                                    .origin = "https://a.test",
                                    .resumes = true,
                                    .random = &random,
                                    .unix_us = 1790000000000000};
  struct oh_wish wish;
  struct oh_ticket_call call;
  enum oh_problem problem = oh_wish_read(body, &wish);
  if (problem == OH_PROBLEM_NONE) problem = oh_ticket_call(&office, &wish, NULL, &call);
  if (problem == OH_PROBLEM_NONE) problem = oh_ticket_issue(&office, &wish, NULL, &call, &answer);
  oh_wish_fini(&wish);
  OH_CHECK((problem == OH_PROBLEM_NONE) == (answer.len > 0));
  // Whatever the body says, the room is ours, unless a valid invitation names it.
  OH_CHECK(problem != OH_PROBLEM_NONE || strstr(answer.data, "\"roomName\":\"call-"));
  oh_text_fini(&answer);
  return 0;
}
