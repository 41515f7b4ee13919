// tally.h — what tally.c counts in the server and forwarding.c reads.
#pragma once
#include <stdatomic.h>
#include <stdint.h>

struct tally {
  _Atomic uint64_t allocations;
  _Atomic uint64_t syscalls;       // every call of the loop: polling, receiving, sending, reading, writing
  _Atomic uint64_t received, sent; // datagrams
};
