// bytes.h — borrowed byte ranges, and cursors that read and write network byte order without running over.
// One that runs out sets `failed` and from then on reads zeroes / writes nothing: check once, at the end.
#pragma once
#include "base/endian.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct oh_bytes {
  const uint8_t *data;
  size_t len;
};

struct oh_reader {
  const uint8_t *at, *end;
  bool failed;
};

struct oh_writer {
  uint8_t *start, *at, *end;
  bool failed;
};

static inline struct oh_reader oh_reader(const void *data, size_t len) {
  return (struct oh_reader){.at = data, .end = len ? (const uint8_t *)data + len : data};
}
static inline size_t oh_reader_left(const struct oh_reader *r) {
  return (size_t)(r->end - r->at);
}

// Takes n bytes (borrowed from the input). On shortage: failed, and an empty range.
static inline struct oh_bytes oh_read_bytes(struct oh_reader *r, size_t n) {
  if (r->failed || oh_reader_left(r) < n) {
    r->failed = true;
    return (struct oh_bytes){.data = r->end, .len = 0};
  }
  r->at += n;
  return (struct oh_bytes){.data = r->at - n, .len = n};
}
static inline uint64_t oh_read_uint_be(struct oh_reader *r, size_t width) {
  struct oh_bytes b = oh_read_bytes(r, width);
  uint64_t value = 0;
  for (size_t i = 0; i < b.len; i++)
    value = value << 8 | b.data[i];
  return value;
}
static inline uint8_t oh_read_u8(struct oh_reader *r) {
  return (uint8_t)oh_read_uint_be(r, 1);
}
static inline uint16_t oh_read_u16_be(struct oh_reader *r) {
  return (uint16_t)oh_read_uint_be(r, 2);
}
static inline uint32_t oh_read_u24_be(struct oh_reader *r) {
  return (uint32_t)oh_read_uint_be(r, 3);
}
static inline uint32_t oh_read_u32_be(struct oh_reader *r) {
  return (uint32_t)oh_read_uint_be(r, 4);
}
static inline uint64_t oh_read_u64_be(struct oh_reader *r) {
  return oh_read_uint_be(r, 8);
}

static inline struct oh_writer oh_writer(void *buffer, size_t capacity) {
  return (struct oh_writer){.start = buffer, .at = buffer, .end = (uint8_t *)buffer + capacity};
}
static inline size_t oh_writer_len(const struct oh_writer *w) {
  return (size_t)(w->at - w->start);
}
static inline size_t oh_writer_left(const struct oh_writer *w) {
  return (size_t)(w->end - w->at);
}

// Reserves n bytes to be filled by the caller, or NULL (and failed) when they do not fit.
static inline uint8_t *oh_write_reserve(struct oh_writer *w, size_t n) {
  if (w->failed || oh_writer_left(w) < n) {
    w->failed = true;
    return NULL;
  }
  w->at += n;
  return w->at - n;
}
static inline void oh_write_bytes(struct oh_writer *w, const void *data, size_t n) {
  uint8_t *at = oh_write_reserve(w, n);
  if (at && n) memcpy(at, data, n);
}
static inline void oh_write_uint_be(struct oh_writer *w, uint64_t value, size_t width) {
  uint8_t *at = oh_write_reserve(w, width);
  for (size_t i = 0; at && i < width; i++)
    at[i] = (uint8_t)(value >> (8 * (width - 1 - i)));
}
static inline void oh_write_u8(struct oh_writer *w, uint8_t v) {
  oh_write_uint_be(w, v, 1);
}
static inline void oh_write_u16_be(struct oh_writer *w, uint16_t v) {
  oh_write_uint_be(w, v, 2);
}
static inline void oh_write_u24_be(struct oh_writer *w, uint32_t v) {
  oh_write_uint_be(w, v, 3);
}
static inline void oh_write_u32_be(struct oh_writer *w, uint32_t v) {
  oh_write_uint_be(w, v, 4);
}
static inline void oh_write_u64_be(struct oh_writer *w, uint64_t v) {
  oh_write_uint_be(w, v, 8);
}
