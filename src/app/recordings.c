// recordings.c — see recordings.h
#include "app/recordings.h"
#include "base/check.h"
#include "base/heap.h"
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static bool write_page(void *ctx, struct oh_bytes page) {
  struct oh_recording *r = ctx;
  while (page.len) {
    ssize_t n = write(r->fd, page.data, page.len);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    page.data += n, page.len -= (size_t)n;
  }
  return true;
}

void oh_recordings_name(const char *name, const char *participant, char out[128]) {
  size_t n = 0;
  for (; *name && n < 60; name++)
    out[n++] = isalnum((unsigned char)*name) || *name == '-' ? *name : '_';
  if (n) out[n++] = '-';
  for (; *participant && n < 122; participant++)
    out[n++] = isalnum((unsigned char)*participant) ? *participant : '_';
  snprintf(out + n, 128 - n, ".ogg");
}

static struct oh_recording *add(struct oh_recordings *rs, const char *path, const char *title) {
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return NULL;
  struct oh_recording *r = calloc(1, sizeof *r);
  OH_CHECK(r);
  r->fd = fd;
  snprintf(r->path, sizeof r->path, "%s", path);
  char comment[300] = "";
  if (*title) snprintf(comment, sizeof comment, "TITLE=%.280s", title);
  // a name cut inside a character is not UTF-8 any more, which a comment must be
  struct oh_str text = oh_str_is_utf8(oh_str(comment)) ? oh_str(comment) : OH_STR("");
  oh_tape_init(&r->tape, &(struct oh_tape_form){.channels = 2}, (uint32_t)(rs->count + 1), text, write_page,
               r);
  rs->items[rs->count++] = r;
  return r;
}

bool oh_recordings_init(struct oh_recordings *rs, const char *file, const char *folder) {
  *rs = (struct oh_recordings){.file = file, .folder = folder};
  if (file) return add(rs, file, "") != NULL;
  return !folder || mkdir(folder, 0755) == 0 || (errno == EEXIST && access(folder, W_OK | X_OK) == 0);
}

static struct oh_recording *find(struct oh_recordings *rs, int64_t now_us, const char *participant,
                                 const char *name) {
  for (size_t i = 0; i < rs->count; i++)
    if (strcmp(rs->items[i]->participant, participant) == 0) return rs->items[i];
  if (rs->file) {
    struct oh_recording *r = rs->items[0];
    return !r->participant[0] || now_us - r->heard_us > OH_RECORDINGS_SILENT_US ? r : NULL;
  }
  if (!rs->folder || rs->count == OH_RECORDINGS_MAX) return NULL;
  char path[512], leaf[128];
  oh_recordings_name(name, participant, leaf);
  if (snprintf(path, sizeof path, "%s/%s", rs->folder, leaf) >= (int)sizeof path) return NULL;
  return add(rs, path, name);
}

void oh_recordings_recv(struct oh_recordings *rs, int64_t now_us, const char *participant, const char *name,
                        const struct oh_rtp_header *rtp, struct oh_bytes opus) {
  struct oh_recording *r = find(rs, now_us, participant, name);
  if (!r) return;
  snprintf(r->participant, sizeof r->participant, "%s", participant);
  r->heard_us = now_us;
  oh_tape_recv(&r->tape, now_us, rtp->ssrc, rtp->timestamp, opus);
}

int64_t oh_recordings_deadline(const struct oh_recordings *rs) {
  int64_t first = OH_NEVER;
  for (size_t i = 0; i < rs->count; i++) {
    int64_t at_us = oh_tape_deadline(&rs->items[i]->tape);
    if (at_us < first) first = at_us;
  }
  return first;
}

void oh_recordings_tick(struct oh_recordings *rs, int64_t now_us) {
  for (size_t i = 0; i < rs->count; i++)
    oh_tape_tick(&rs->items[i]->tape, now_us);
}

void oh_recordings_end(struct oh_recordings *rs) {
  for (size_t i = 0; i < rs->count; i++)
    oh_tape_end(&rs->items[i]->tape);
}

void oh_recordings_fini(struct oh_recordings *rs) {
  for (size_t i = 0; i < rs->count; i++) {
    close(rs->items[i]->fd);
    free(rs->items[i]);
  }
  rs->count = 0;
}
