// crowd.h — the load generator: thousands of real callers (oh_caller: ICE, DTLS, SRTP, signalling) in one
// thread. It never sleeps while it works, so that its own waking up is no part of any latency.
#pragma once
#include "bench/histogram.h"
#include "bench/machine.h"
#include "caller/caller.h"
#include <stdbool.h>

struct oh_crowd;

enum oh_member_state { OH_MEMBER_JOINING, OH_MEMBER_CONNECTED, OH_MEMBER_LEFT, OH_MEMBER_FAILED };

struct oh_member_wish {
  const char *room;
  bool publish, subscribe;
  bool data; // opens data channels
};
struct oh_member { // read only
  enum oh_member_state state;
  bool published;
  int64_t begun_us, joined_us, connected_us, audio_us, data_us; // 0: not yet
  uint64_t received;                                            // audio packets, authenticated and decrypted
};

// What arrived since the last oh_crowd_reset: authenticated, decrypted, stamped by one of our speakers.
struct oh_crowd_count {
  uint64_t received;
  struct oh_histogram latency; // µs from oh_crowd_speak to having been read from the socket
};

struct oh_crowd *oh_crowd_open(const struct oh_server *server); // NULL: said why
void oh_crowd_close(struct oh_crowd *crowd);
uint32_t oh_crowd_add(struct oh_crowd *crowd, const struct oh_member_wish *wish); // dials; its number
void oh_crowd_leave(struct oh_crowd *crowd, uint32_t member); // says goodbye; its memory is given back
const struct oh_member *oh_crowd_member(const struct oh_crowd *crowd, uint32_t member);
// One turn of work: sockets, deadlines.
void oh_crowd_turn(struct oh_crowd *crowd);
// One 20 ms Opus packet of `len` bytes (≥ 9), stamped with the time.
bool oh_crowd_speak(struct oh_crowd *crowd, uint32_t member, size_t len);
// A message of `len` bytes (≥ 8) on a data channel, stamped and counted likewise.
bool oh_crowd_say(struct oh_crowd *crowd, uint32_t member, bool lossy, size_t len);
struct oh_crowd_count *oh_crowd_counted(struct oh_crowd *crowd);
void oh_crowd_reset(struct oh_crowd *crowd);
