// check.h — the assert for "we are wrong": stays on in release, never used for bad input or for being full.
#pragma once
#include <stdio.h>
#include <stdlib.h>

#define OH_CHECK(condition)                                                                                  \
  do {                                                                                                       \
    if (__builtin_expect(!(condition), 0)) {                                                                 \
      fprintf(stderr, "offhook: internal error: %s at %s:%d\n", #condition, __FILE__, __LINE__);             \
      abort();                                                                                               \
    }                                                                                                        \
  } while (0)
