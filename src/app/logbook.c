// logbook.c — see logbook.h
#include "app/logbook.h"
#include "base/check.h"
#include "base/limits.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER ".open"
enum { ENTRY_MAX = 4 * OH_EGRESS_REQUEST_MAX };

static int open_folder(int directory) {
  return openat(directory, FOLDER, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

void oh_logbook_enter(int directory, const char *id, const char *path, struct oh_bytes info) {
  mkdirat(directory, FOLDER, 0700);
  int folder = open_folder(directory), fd = -1;
  if (folder < 0) return;
  fd = openat(folder, id, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  size_t name = strlen(path) + 1;
  bool good = fd >= 0 && write(fd, path, name) == (ssize_t)name &&
              write(fd, info.data, info.len) == (ssize_t)info.len;
  if (fd >= 0) close(fd);
  if (fd >= 0 && !good) unlinkat(folder, id, 0);
  close(folder);
}

void oh_logbook_strike(int directory, const char *id) {
  int folder = open_folder(directory);
  if (folder < 0) return;
  unlinkat(folder, id, 0);
  close(folder);
}

// False: there is nothing of use in it.
static bool read_entry(int directory, int folder, const char *id, char *text,
                       bool (*found)(void *ctx, const struct oh_logbook_entry *entry), void *ctx) {
  int fd = openat(folder, id, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return false;
  ssize_t len = read(fd, text, ENTRY_MAX);
  close(fd);
  size_t name = len > 0 ? strnlen(text, (size_t)len) : 0;
  if (len <= 0 || name == (size_t)len) return false;
  struct stat file = {0};
  bool there = fstatat(directory, text, &file, AT_SYMLINK_NOFOLLOW) == 0;
  const struct oh_logbook_entry entry = {
      .path = text,
      .info = {.data = (const uint8_t *)text + name + 1, .len = (size_t)len - name - 1},
      .bytes = there ? (uint64_t)file.st_size : 0,
      .ended_unix_us = file.st_mtim.tv_sec * INT64_C(1000000) + file.st_mtim.tv_nsec / 1000};
  return found(ctx, &entry);
}

void oh_logbook_read(int directory, bool (*found)(void *ctx, const struct oh_logbook_entry *entry),
                     void *ctx) {
  int folder = open_folder(directory);
  DIR *list = folder < 0 ? NULL : fdopendir(folder);
  if (!list) {
    if (folder >= 0) close(folder);
    return;
  }
  char *text = malloc(ENTRY_MAX);
  OH_CHECK(text);
  const struct dirent *entry;
  for (int n = 0; n < OH_LOGBOOK_MAX && (entry = readdir(list));)
    if (*entry->d_name != '.') {
      if (!read_entry(directory, folder, entry->d_name, text, found, ctx)) unlinkat(folder, entry->d_name, 0);
      n++;
    }
  free(text);
  closedir(list);
}
