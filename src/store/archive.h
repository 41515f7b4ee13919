// archive.h — the latest recordings that have ended, on disk: one SQLite file in WAL mode (or memory), used
// by one thread at a time. What was kept survives kill -9; beyond OH_ARCHIVE_ROWS_MAX the oldest are
// forgotten (their files stay). Every failure is a result with a sentence; the caller goes on.
#pragma once
#include "base/bytes.h"
#include <stdbool.h>

struct oh_archive;

#define OH_ARCHIVE_ERROR_MAX 256
#define OH_ARCHIVE_VERSION 1 // of the schema; older ones are brought up to it, newer ones are refused

// `path` NULL: in memory. NULL: `error` says why.
struct oh_archive *oh_archive_open(const char *path, char error[OH_ARCHIVE_ERROR_MAX]);
void oh_archive_close(struct oh_archive *archive); // NULL is fine

// `info` is a packed livekit.EgressInfo; one that is there already is replaced and becomes the latest.
bool oh_archive_keep(struct oh_archive *archive, const char *id, struct oh_bytes info);
// Hands out all, the oldest first; what is handed out is borrowed.
bool oh_archive_read(struct oh_archive *archive, void (*each)(void *ctx, struct oh_bytes info), void *ctx);
const char *oh_archive_error(const struct oh_archive *archive); // of the last call that failed
