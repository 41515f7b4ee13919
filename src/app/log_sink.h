// log_sink.h — where log lines go: stderr, one write each, as text or as JSON. Drops secrets (JWTs,
// access_token, join_request) wherever they turn up, and repeats: a message comes at most OH_LOG_PER_SECOND
// times a second, then its next line says how many were left out. One sink per thread.
#pragma once
#include "base/log.h"
#include "base/text.h"
#include <stdint.h>

#define OH_LOG_PER_SECOND 20
#define OH_LOG_MESSAGES 64 // rows of the table of repeats; a collision only shortens its memory

struct oh_log_sink {
  bool json;
  int fd;             // stderr unless a test says otherwise
  const char *thread; // "main", "worker 0" …; borrowed
  struct {
    uint64_t hash;
    int64_t since_us;
    uint32_t lines, dropped;
  } seen[OH_LOG_MESSAGES];
};

// A log that writes through `sink`, which must live as long as the log.
struct oh_log oh_log_sink(struct oh_log_sink *sink, enum oh_log_level level);
enum oh_log_level oh_log_level_of(const char *name); // "debug", "info", "warn", "error"
// Formats one line into `line` (with newline). Pure; used by the sink and its test.
void oh_log_format(bool json, int64_t unix_us, enum oh_log_level level, const char *thread,
                   const char *message, const char *fields, uint32_t dropped, struct oh_text *line);
