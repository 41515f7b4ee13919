// page.h — the files of the web workspace as they are embedded in the binary (tools/embed_page.py writes the
// table): the page itself, the button for other sites' pages, the registry.
#pragma once
#include "base/bytes.h"
#include <stdbool.h>

struct oh_page_file {
  const char *path, *type, *etag;     // path begins with '/'; etag without quotes
  bool is_immutable;                  // its name holds a hash of its content
  bool is_shared;                     // pages of any origin may load it
  struct oh_bytes identity, gzip, br; // gzip and br have len 0 where they save nothing
};
extern const struct oh_page_file oh_page_files[]; // sorted by path, bytewise
extern const size_t oh_page_file_count;           // without the page: openapi.json only
