// database_place.h — an empty directory for the database of a test, and away with all that SQLite and we
// leave there. Each test is a program of its own, so it has one place.
#pragma once
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char directory[64], path[128];

static int make_place(const char *file) {
  snprintf(directory, sizeof directory, "/tmp/offhook-store-XXXXXX");
  if (!mkdtemp(directory)) return -1;
  snprintf(path, sizeof path, "%s/%s", directory, file);
  return 0;
}

static int remove_directory(void **state) {
  (void)state;
  static const char *const names[] = {"", "-wal", "-shm", ".corrupt", ".corrupt-wal", ".corrupt-shm"};
  char name[160];
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    snprintf(name, sizeof name, "%s%s", path, names[i]);
    unlink(name);
  }
  return rmdir(directory);
}
