// file.c — see file.h
#include "io/file.h"
#include "base/check.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

char *oh_file_read(const char *path, size_t max, size_t *len) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return NULL;
  char *data = NULL;
  size_t cap = 0, used = 0;
  int error = 0;
  for (;;) { // not by fstat: /proc and pipes do not tell their size
    if (used + 1 >= cap) {
      cap = cap ? cap * 2 : 4096;
      data = realloc(data, cap);
      OH_CHECK(data);
    }
    ssize_t n = read(fd, data + used, cap - used - 1);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      error = n < 0 ? errno : 0;
      break;
    }
    used += (size_t)n;
    if (used > max) {
      error = EFBIG;
      break;
    }
  }
  close(fd);
  if (error) {
    free(data);
    errno = error;
    return NULL;
  }
  data[used] = 0;
  *len = used;
  return data;
}
