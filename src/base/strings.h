// strings.h — a list of owned strings.
#pragma once
#include <stddef.h>

struct oh_strings {
  char **items; // malloc'd, as each of its strings
  size_t count;
};
