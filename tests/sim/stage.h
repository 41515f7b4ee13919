// stage.h — one whole service in virtual time: a house (the server as the worker drives it) and callers in
// several rooms, connected by a bad network, with checkers that watch every packet.
//
// Always checked: nobody hears himself, another room, a muted or departed talker, or a packet twice; every
// frame is for a line that exists; the server sends nothing to an address it has not heard from. At the end,
// after the network has healed: everybody hears everybody in the room again, and when all have left nothing
// is left in the server.
#pragma once
#include "base/outbox.h"
#include "base/world.h"
#include "caller/caller.h"
#include "livekit/house.h"
#include "tests/sim/network.h"
#include <stdbool.h>

#define SIM_CALLERS 8
#define SIM_ROOMS 2

struct sim_stage;

struct sim_caller {
  struct sim_stage *stage;
  uint32_t number, room;
  struct oh_caller *caller; // NULL: not there
  struct oh_world world;
  struct oh_outbox out[OH_CALLER_LEGS];
  struct oh_addr address[OH_CALLER_LEGS]; // as the server sees it: behind a NAT that may rebind
  struct sim_weather weather;
  int64_t to_server_us, to_caller_us; // order of the signalling line
  int64_t stream_up_us[OH_CALLER_LEGS], stream_down_us[OH_CALLER_LEGS];
  uint32_t line;  // number of the current WebSocket
  bool line_open; // seen from the caller
  oh_id session;  // the server's name of that line; 0 = none
  bool two_peer_connections, tcp, muted, left;
  uint32_t life;    // how often this caller has entered
  uint32_t counter; // packets said
  int64_t next_word_us;
  uint32_t heard[SIM_CALLERS];   // highest counter heard of each talker in his present life
  int64_t heard_us[SIM_CALLERS]; // when
  uint32_t heard_life[SIM_CALLERS];
  uint64_t recent[SIM_CALLERS]; // bitmap of the 64 counters up to `heard`
  int64_t muted_us;             // since when muted and known to everybody
};

struct sim_stage {
  uint64_t seed;
  int64_t now_us;
  struct sim_network network;
  struct sim_random random;  // decides the story
  struct sim_random entropy; // what OpenSSL and the machines get
  struct oh_world world;
  struct oh_identity *identity;
  struct oh_house *house;
  struct oh_outbox out;
  struct oh_addr media[2]; // the server's: UDP, then TCP
  struct sim_caller callers[SIM_CALLERS];
  uint32_t caller_count;
  uint64_t digest; // of everything that happened: equal for equal seeds
  bool verbose;
  char failure[256]; // the first broken promise; empty: all well
};

void sim_stage_open(struct sim_stage *s, uint64_t seed, struct oh_identity *identity, bool verbose);
void sim_stage_close(struct sim_stage *s);
void sim_stage_run(struct sim_stage *s, int64_t until_us); // stops early at a failure
__attribute__((format(printf, 2, 3))) void sim_fail(struct sim_stage *s, const char *format, ...);
__attribute__((format(printf, 2, 3))) void sim_say(struct sim_stage *s, const char *format, ...);

// The story's means.
void sim_enter(struct sim_stage *s, uint32_t caller);
void sim_leave(struct sim_stage *s, uint32_t caller);
void sim_vanish(struct sim_stage *s, uint32_t caller); // without a word, as a closed laptop
void sim_mute(struct sim_stage *s, uint32_t caller, bool muted);
void sim_rebind(struct sim_stage *s, uint32_t caller); // the NAT gives other ports
void sim_cut_line(struct sim_stage *s, uint32_t caller);
void sim_cut_slow_reader(struct sim_stage *s, uint32_t caller);
void sim_jump_clock(struct sim_stage *s, int64_t by_us); // the server's wall clock
void sim_restart_server(struct sim_stage *s);
bool sim_everybody_hears(struct sim_stage *s, int64_t since_us); // sets the failure if not
