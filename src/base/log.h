// log.h — one line per event. Below io/ nothing prints: a line goes to the sink that the program (or a test)
// gave. Never log a token, password, key, SDP or audio.
#pragma once
#include <stdarg.h>

enum oh_log_level { OH_LOG_DEBUG, OH_LOG_INFO, OH_LOG_WARN, OH_LOG_ERROR };

struct oh_log {
  enum oh_log_level level; // lines below it are not formatted
  // `message` is a finished sentence without newline; `fields` are "key=value" pairs separated by spaces,
  // values with blanks or quotes are JSON-quoted by the sink's formatter. Both are borrowed.
  void (*line)(void *ctx, enum oh_log_level level, const char *message, const char *fields);
  void *ctx;
};

// oh_log(log, OH_LOG_INFO, "participant joined", "room=%s identity=%s", ...). Control characters are
// replaced.
__attribute__((format(printf, 4, 5))) void oh_log(const struct oh_log *log, enum oh_log_level level,
                                                  const char *message, const char *fields, ...);
