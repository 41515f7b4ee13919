// problem.h — what can go wrong at our own HTTP interface, as RFC 9457 problem details with a stable code
// that the page, the documentation and the metrics share.
#pragma once
#include "base/text.h"
#include <stdint.h>

// X(code, HTTP status, title, what the caller can do)
#define OH_PROBLEMS(X)                                                                                       \
  X(REQUEST_INVALID, 400, "The request is not understood", "Send a JSON object, or nothing.")                \
  X(TOKEN_INVALID, 400, "The invitation or ticket is not valid", "Ask for a new one.")                       \
  X(TOKEN_EXPIRED, 410, "The invitation or ticket has expired", "Ask for a new one.")                        \
  X(ROOM_CLOSED, 410, "The call has ended", "Start a new call.")                                             \
  X(AUTH_REQUIRED, 401, "Sign in to call",                                                                   \
    "Send the session token of the sign-in as Authorization: Bearer.")                                       \
  X(AUTH_FORBIDDEN, 403, "This sign-in may not call here", "Sign in with another account.")                  \
  X(ORIGIN_DENIED, 403, "This site may not start calls here",                                                \
    "The owner of the server adds the site to voice.allowed_origins.")                                       \
  X(SITE_UNKNOWN, 404, "There is no such site here", "Check the id of the site (data-site).")                \
  X(AUTH_UNAVAILABLE, 503, "Nobody can be signed in at the moment",                                          \
    "Wait as long as Retry-After says: the identity provider's keys cannot be fetched.")                     \
  X(NOT_FOUND, 404, "There is nothing at this address", "Check the address.")                                \
  X(METHOD_NOT_ALLOWED, 405, "This method is not possible here", "See the Allow field.")                     \
  X(REQUEST_TOO_LARGE, 413, "The request is too large", "Send less.")                                        \
  X(RATE_LIMITED, 429, "Too many calls from this network", "Wait as long as Retry-After says.")              \
  X(SERVER_DRAINING, 503, "The server is about to restart", "Try again in a moment.")                        \
  X(SITE_PAUSED, 403, "Calls are paused on this site", "Try again later, or another way.")                   \
  X(PROOF_REQUIRED, 428, "Solve the puzzle first",                                                           \
    "Find a nonce so that SHA-256(challenge + nonce) begins with so many zero bits.")                        \
  X(BUDGET_EXCEEDED, 429, "No more calls for today",                                                         \
    "Wait as long as Retry-After says, or take another way.")                                                \
  X(CAPACITY, 503, "The server is full", "Try again in a moment.")                                           \
  X(INTERNAL, 500, "The server failed", "Try again; its log says more.")

#define OH_PROBLEM_ENUM(code, status, title, remedy) OH_PROBLEM_##code,
enum oh_problem { OH_PROBLEM_NONE = -1, OH_PROBLEMS(OH_PROBLEM_ENUM) OH_PROBLEM_COUNT };
#undef OH_PROBLEM_ENUM

int oh_problem_status(enum oh_problem problem);
const char *oh_problem_code(enum oh_problem problem); // "RATE_LIMITED"
// application/problem+json: {"type", "title", "status", "detail", "code"}, and "retryAfter" unless 0, and
// `members`, JSON that begins with a comma.
void oh_problem_write(enum oh_problem problem, uint32_t retry_after_s, struct oh_str members,
                      struct oh_text *json);
