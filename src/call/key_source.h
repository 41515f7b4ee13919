// key_source.h — when to fetch an identity provider's keys: at once, then every hour; sooner when a token
// names a key that we do not know, but that at most once a minute, whoever sends such tokens; again after a
// failure, from 1 s up to a minute apart. Keys that could not be refreshed stay good for a day. Sans-IO: time
// in, decisions out.
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct oh_key_source {
  int64_t next_us;     // it will fetch by itself
  int64_t ask_from_us; // from when an unknown key id makes it fetch
  int64_t good_us;     // of the last success
  uint32_t failures;   // since then
  bool is_busy, has_keys;
};

void oh_key_source_init(struct oh_key_source *source, int64_t now_us);
// Whether to fetch now; oh_key_source_done follows. `asked`: because of an unknown key id.
bool oh_key_source_begin(struct oh_key_source *source, int64_t now_us, bool asked);
// The fetch has ended. has_keys says whether there are any now.
void oh_key_source_done(struct oh_key_source *source, int64_t now_us, bool good);
