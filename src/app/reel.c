// reel.c — see reel.h
#include "app/reel.h"
#include "base/check.h"
#include "livekit/egress_path.h"
#include "wire/opus.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
  NAMES_TRIED = 1000,
  FOLDER_MODE = 0700,
  FILE_MODE = 0600,
  MONO_BITRATE = 48000,
  STEREO_BITRATE = 80000,
  PRE_SKIP = 312, // what libopus, as it is in all browsers, delays a voice by
};

static const char *reason(void) {
  switch (errno) {
  case ENOSPC:
  case EDQUOT: return "the disk is full";
  case EACCES:
  case EPERM:
  case EROFS: return "the recordings' directory cannot be written";
  case ELOOP:
  case ENOTDIR: return "a part of the file's path is no directory";
  case EEXIST: return "there are too many files of that name";
  default: return "the disk reports an error";
  }
}

// A page is on disk whole or not at all.
static bool write_page(void *ctx, struct oh_bytes page) {
  struct oh_reel *r = ctx;
  size_t done = 0;
  while (!r->error && done < page.len) {
    ssize_t n = write(r->fd, page.data + done, page.len - done);
    if (n < 0 && errno == EINTR) continue;
    if (n > 0) {
      done += (size_t)n;
      continue;
    }
    r->error = reason();
    if (ftruncate(r->fd, (off_t)r->bytes) < 0) r->error = "the disk reports an error";
  }
  if (r->error) return false;
  r->bytes += page.len;
  r->dirty = true;
  return true;
}

// One step down, made if it is missing; never through a link. Takes `at`; the descriptor, or -1.
static int open_part(int take_at, const char *part) {
  bool there = mkdirat(take_at, part, FOLDER_MODE) == 0 || errno == EEXIST;
  int next = there ? openat(take_at, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
  int failed = errno;
  close(take_at);
  errno = failed;
  return next;
}

static int open_folder(int directory, const char *path, const char **leaf) {
  int at = fcntl(directory, F_DUPFD_CLOEXEC, 0);
  const char *slash;
  for (*leaf = path; at >= 0 && (slash = strchr(*leaf, '/')); *leaf = slash + 1) {
    char part[OH_EGRESS_LEAF_MAX + 1];
    snprintf(part, sizeof part, "%.*s", (int)(slash - *leaf), *leaf);
    at = open_part(at, part);
  }
  return at;
}

// A file that was not there: name.ogg, else name-2.ogg, name-3.ogg, …
static int open_file(struct oh_reel *r, int directory, const char *path) {
  const char *leaf;
  int fd = -1, folder = open_folder(directory, path, &leaf);
  if (folder < 0) return -1;
  size_t stem = strlen(leaf) - strlen(OH_EGRESS_EXTENSION), before = (size_t)(leaf - path);
  for (unsigned n = 1; fd < 0 && n <= NAMES_TRIED; n++) {
    char number[16] = "";
    if (n > 1) snprintf(number, sizeof number, "-%u", n);
    snprintf(r->path, sizeof r->path, "%.*s%s%s", (int)(before + stem), path, number, OH_EGRESS_EXTENSION);
    fd = openat(folder, r->path + before, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
    if (fd < 0 && errno != EEXIST) break;
  }
  int failed = errno;
  close(folder);
  errno = failed;
  return fd;
}

struct oh_reel *oh_reel_open(int directory, int64_t now_us, const struct oh_reel_order *order,
                             const char **error) {
  struct oh_reel *r = calloc(1, sizeof *r);
  OH_CHECK(r);
  r->last_us = now_us;
  r->fd = open_file(r, directory, order->path);
  if (r->fd < 0) {
    *error = reason();
    free(r);
    return NULL;
  }
  char comment[300];
  snprintf(comment, sizeof comment, "TITLE=%.280s", order->title);
  struct oh_str title =
      oh_str_is_utf8(oh_str(comment)) ? oh_str(comment) : OH_STR(""); // it may have been cut
  if (order->channels) {
    int32_t ours = order->channels == 2 ? STEREO_BITRATE : MONO_BITRATE;
    const struct oh_mixer_form form = {.channels = order->channels,
                                       .bitrate = order->bitrate ? (int32_t)order->bitrate : ours,
                                       .page_us = OH_SCRIBE_PAGE_US,
                                       .serial = 1,
                                       .comment = title};
    r->mixer = oh_mixer_open(&form, now_us, write_page, r);
  } else {
    const struct oh_tape_form form = {.channels = 2, .pre_skip = PRE_SKIP, .page_us = OH_SCRIBE_PAGE_US};
    r->tape = calloc(1, sizeof *r->tape);
    OH_CHECK(r->tape);
    oh_tape_init(r->tape, &form, 1, title, write_page, r);
  }
  return r;
}

void oh_reel_packet(struct oh_reel *r, int64_t now_us, uint32_t voice, enum oh_reel_side side,
                    uint32_t timestamp, struct oh_bytes opus) {
  static const enum oh_mixer_side sides[] = {
      [OH_REEL_BOTH] = OH_MIXER_BOTH, [OH_REEL_LEFT] = OH_MIXER_LEFT, [OH_REEL_RIGHT] = OH_MIXER_RIGHT};
  if (r->mixer)
    oh_mixer_recv(r->mixer, now_us, voice, sides[side], timestamp, opus);
  else
    oh_tape_recv(r->tape, now_us, voice, timestamp, opus);
}

void oh_reel_tick(struct oh_reel *r, int64_t now_us) {
  r->last_us = now_us;
  if (r->mixer)
    oh_mixer_tick(r->mixer, now_us);
  else
    oh_tape_tick(r->tape, now_us);
}

void oh_reel_sync(struct oh_reel *r) {
  if (!r->dirty || r->fd < 0) return;
  r->dirty = false;
  if (fdatasync(r->fd) < 0 && errno != EINVAL && errno != ENOSYS && !r->error) r->error = reason();
}

int64_t oh_reel_duration_us(const struct oh_reel *r) {
  if (r->tape) return r->tape->written * 1000 / (OH_OPUS_RATE / 1000);
  struct oh_mixer_tally tally;
  oh_mixer_read_tally(r->mixer, &tally);
  return tally.samples * 1000 / (OH_OPUS_RATE / 1000);
}

void oh_reel_end(struct oh_reel *r, int64_t now_us) {
  if (r->mixer)
    oh_mixer_end(r->mixer, now_us);
  else
    oh_tape_end(r->tape);
  oh_reel_sync(r);
  if (close(r->fd) < 0 && errno != EINTR && !r->error) r->error = reason();
  r->fd = -1;
}

void oh_reel_free(struct oh_reel *r) {
  if (r->fd >= 0) close(r->fd);
  oh_mixer_close(r->mixer);
  free(r->tape);
  free(r);
}
