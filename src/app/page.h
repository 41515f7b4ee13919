// page.h — the files of the web page as they are embedded in the binary (tools/embed_page.py writes the
// table).
#pragma once
#include "base/bytes.h"
#include <stdbool.h>

struct oh_page_file {
  const char *path, *type, *etag;     // path begins with '/'; etag without quotes
  bool immutable;                     // its name holds a hash of its content
  struct oh_bytes identity, gzip, br; // gzip and br have len 0 where they save nothing
};
extern const struct oh_page_file oh_page_files[];
extern const size_t oh_page_file_count; // 0: built without the page
