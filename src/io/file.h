// file.h — reads small files whole.
#pragma once
#include <stddef.h>

// The contents, malloc'd and NUL-terminated (free() it), or NULL with errno set (EFBIG: over `max` bytes).
char *oh_file_read(const char *path, size_t max, size_t *len);
