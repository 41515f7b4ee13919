// log.c — see log.h
#include "base/log.h"
#include <stdio.h>

void oh_log(const struct oh_log *log, enum oh_log_level level, const char *message, const char *fields, ...) {
  if (!log || !log->line || level < log->level) return;
  char line[1024];
  va_list args;
  va_start(args, fields);
  vsnprintf(line, sizeof line, fields, args);
  va_end(args);
  for (char *p = line; *p; p++)
    if ((unsigned char)*p < 0x20 || *p == 0x7f) *p = '?';
  log->line(log->ctx, level, message, line);
}
