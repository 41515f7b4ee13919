// peer.c — see peer.h
#include "rtc/peer.h"
#include "base/check.h"
#include "base/heap.h"
#include <openssl/crypto.h>

// ---- small things
// --------------------------------------------------------------------------------------------

static void count(const struct oh_peer *p, enum oh_counter which) {
  oh_count(&p->env->world->counters, which);
}

static struct oh_hub_event *emit(struct oh_peer *p, enum oh_hub_event_type type) {
  OH_CHECK(p->env->event_count < OH_HUB_EVENTS);
  struct oh_hub_event *event = &p->env->events[p->env->event_count++];
  *event = (struct oh_hub_event){.type = type, .peer = p->id};
  if (p->ice.selected >= 0) event->path = p->ice.paths[p->ice.selected].addr;
  return event;
}

static bool is_up(const struct oh_peer *p) {
  return p->state == OH_PEER_CONNECTED || p->state == OH_PEER_DISCONNECTED;
}

// One handshake datagram of OpenSSL's: to the selected path.
static void send_dtls(void *ctx, const uint8_t *data, size_t len) {
  struct oh_peer *p = ctx;
  if (!p->outbox || p->ice.selected < 0 || len > OH_DATAGRAM_MAX) return;
  if (!oh_ice_spend(&p->ice, p->env->world, p->ice.selected, len)) return;
  memcpy(oh_outbox_reserve(p->outbox), data, len);
  oh_outbox_commit(p->outbox, &p->ice.paths[p->ice.selected].addr, len);
}

static void close_srtp(struct oh_peer *p) {
  oh_srtp_close(p->in);
  oh_srtp_close(p->out);
  p->in = p->out = NULL;
}

static void close_dtls(struct oh_peer *p) {
  if (p->attempt_until_us != OH_NEVER) p->env->half_open--;
  p->attempt_until_us = OH_NEVER;
  oh_dtls_close(p->dtls);
  p->dtls = NULL;
  p->gate = (struct oh_dtls_gate){.server = p->role == OH_PEER_SERVER};
}

static void fail(struct oh_peer *p, bool silent, bool closed) {
  if (p->state == OH_PEER_FAILED) return;
  p->state = OH_PEER_FAILED;
  p->silent = silent;
  if (!silent) {
    close_dtls(p);
    close_srtp(p);
  }
  emit(p, OH_HUB_FAILED)->closed = closed;
}

struct oh_peer *oh_peer_open(struct oh_peer_env *env, enum oh_peer_role role) {
  struct oh_peer *p = calloc(1, sizeof *p);
  OH_CHECK(p);
  p->env = env;
  p->role = role;
  p->attempt_until_us = p->shake_until_us = OH_NEVER;
  p->dtls_path = -1;
  p->gate.server = role == OH_PEER_SERVER;
  oh_ice_init(&p->ice, env->world, role == OH_PEER_CLIENT, env->shard);
  return p;
}

void oh_peer_close(struct oh_peer *p, struct oh_outbox *out) {
  if (p->dtls && out && is_up(p)) {
    p->outbox = out;
    oh_dtls_goodbye(p->dtls);
  }
  close_dtls(p);
  close_srtp(p);
  oh_ice_fini(&p->ice);
  OPENSSL_cleanse(p, sizeof *p);
  free(p);
}

bool oh_peer_set_remote(struct oh_peer *p, int64_t now_us, const struct oh_peer_remote *remote) {
  bool same = p->has_remote && CRYPTO_memcmp(p->remote_digest, remote->fingerprint, 32) == 0;
  if (p->in && !same) return false;
  if (!oh_ice_set_remote(&p->ice, now_us, remote->ufrag, remote->pwd)) return false;
  memcpy(p->remote_digest, remote->fingerprint, 32);
  p->has_remote = true;
  return true;
}

void oh_peer_restart(struct oh_peer *p, int64_t now_us, struct oh_ice_change *change) {
  oh_ice_restart(&p->ice, p->env->world, change);
  if (p->role == OH_PEER_CLIENT && p->ice.selected >= 0) p->ice.paths[p->ice.selected].check_at_us = now_us;
  if (p->state != OH_PEER_FAILED || !p->silent) return;
  p->ice.consent_us = now_us; // another full term of silence
  p->state = p->in ? OH_PEER_DISCONNECTED : OH_PEER_CHECKED;
  p->silent = false;
}

// ---- DTLS
// ----------------------------------------------------------------------------------------------------

static void begin_dtls(struct oh_peer *p, int64_t now_us) {
  p->dtls = oh_dtls_open(p->env->identity, p->role == OH_PEER_CLIENT, send_dtls, p);
  p->gate = (struct oh_dtls_gate){.server = p->role == OH_PEER_SERVER, .begun = true};
  // A client does not begin anew for slowness: the server may be through already and would not hear of it.
  p->attempt_until_us = p->role == OH_PEER_CLIENT ? p->shake_until_us : now_us + OH_DTLS_HANDSHAKE_US;
  p->env->half_open++;
}

// An attempt is over. While ICE lives the remote may begin again; a client does so by itself (in tick).
static void attempt_failed(struct oh_peer *p) {
  count(p, OH_COUNT_dtls_failed);
  close_dtls(p);
  close_srtp(p);
  if (++p->attempts > OH_DTLS_RESTARTS_MAX) fail(p, false, false);
}

// The handshake is finished: believe the remote only if it is the one of the SDP.
static void try_connect(struct oh_peer *p) {
  if (!p->dtls || p->in || oh_dtls_state(p->dtls) != OH_DTLS_DONE) return;
  p->gate.done = true;
  if (!p->has_remote) return;
  uint8_t digest[32];
  struct oh_dtls_keys keys;
  if (!oh_dtls_remote_digest(p->dtls, digest) ||
      CRYPTO_memcmp(digest, p->remote_digest, sizeof digest) != 0) {
    count(p, OH_COUNT_dtls_fingerprint_mismatch);
    attempt_failed(p);
    return;
  }
  if (!oh_dtls_export(p->dtls, &keys)) {
    attempt_failed(p);
    return;
  }
  p->in =
      oh_srtp_open(keys.profile, OH_CIPHER_BEST, keys.remote_key, keys.remote_salt, OH_SRTP_RECV_SSRCS_MAX);
  p->out =
      oh_srtp_open(keys.profile, OH_CIPHER_BEST, keys.local_key, keys.local_salt, OH_SRTP_SEND_SSRCS_MAX);
  OPENSSL_cleanse(&keys, sizeof keys);
  if (p->attempt_until_us != OH_NEVER) p->env->half_open--;
  p->attempt_until_us = p->shake_until_us = OH_NEVER;
  // Its Finished answers random bytes that went to the selected path: if it came from there, the address is
  // real.
  if (p->dtls_path >= 0 && p->dtls_path == p->ice.selected) oh_ice_validate(&p->ice, p->dtls_path);
  p->state = OH_PEER_CONNECTED;
  emit(p, OH_HUB_CONNECTED);
}

// Hands out what application records have come; nothing before the remote is believed.
static void read_data(struct oh_peer *p) {
  struct oh_peer_env *env = p->env;
  while (p->dtls && p->in) {
    size_t room = sizeof env->scratch - env->scratch_used;
    if (env->event_count + 4 > OH_HUB_EVENTS || room < 2048) return; // the rest comes with the next datagram
    size_t n = oh_dtls_read(p->dtls, env->scratch + env->scratch_used, room);
    if (n == 0) break;
    struct oh_hub_event *event = emit(p, OH_HUB_DATA);
    event->data = env->scratch + env->scratch_used;
    event->len = n;
    env->scratch_used += n;
  }
  if (p->dtls && oh_dtls_state(p->dtls) == OH_DTLS_CLOSED) fail(p, false, true);
}

static void after_dtls(struct oh_peer *p, enum oh_dtls_state state) {
  if (state == OH_DTLS_FAILED) {
    attempt_failed(p);
    return;
  }
  try_connect(p);
  read_data(p);
}

void oh_peer_dtls(struct oh_peer *p, int64_t now_us, int path, uint8_t *data, size_t len,
                  struct oh_outbox *out) {
  oh_ice_count_in(&p->ice, path, len);
  const struct oh_path *from = &p->ice.paths[path];
  if (p->state == OH_PEER_FAILED || p->state == OH_PEER_NEW ||
      (path != p->ice.selected && !from->nominated && !from->validated)) {
    count(p, OH_COUNT_dtls_drop_unselected);
    return;
  }
  uint32_t dropped = 0;
  len = oh_dtls_filter(&p->gate, data, len, &dropped);
  oh_count_n(&p->env->world->counters, OH_COUNT_dtls_drop_malformed, dropped);
  if (len == 0) return;
  if (!p->dtls) {
    if (p->env->half_open >= p->env->half_open_limit) {
      count(p, OH_COUNT_dtls_drop_busy);
      return;
    }
    begin_dtls(p, now_us);
  }
  p->dtls_path = path;
  p->outbox = out;
  after_dtls(p, oh_dtls_recv(p->dtls, now_us, data, len));
  p->outbox = NULL;
}

// ---- ICE
// -----------------------------------------------------------------------------------------------------

void oh_peer_changed(struct oh_peer *p, int64_t now_us, const struct oh_ice_change *change) {
  if (p->state == OH_PEER_FAILED) return;
  if (change->consented && p->state == OH_PEER_DISCONNECTED) {
    p->state = OH_PEER_CONNECTED;
    emit(p, OH_HUB_RECOVERED);
  }
  if (!change->selected) return;
  if (p->state == OH_PEER_NEW) {
    p->state = OH_PEER_CHECKED;
    p->shake_until_us = now_us + (int64_t)OH_DTLS_HANDSHAKE_US * (OH_DTLS_RESTARTS_MAX + 1);
  } else if (is_up(p)) {
    emit(p, OH_HUB_PATH_CHANGED);
  }
}

void oh_peer_stun(struct oh_peer *p, int64_t now_us, const struct oh_addr *from, const struct oh_stun *stun,
                  bool may_add, struct oh_outbox *out, struct oh_ice_change *change) {
  if (p->state == OH_PEER_FAILED) return;
  if (oh_ice_recv(&p->ice, p->env->world, now_us, from, stun, may_add, out, change) &&
      stun->class == OH_STUN_REQUEST)
    oh_ice_tick(&p->ice, p->env->world, now_us, out); // ask back at once
  oh_peer_changed(p, now_us, change);
  if (change->selected) oh_peer_tick(p, now_us, out); // a client's first flight
}

void oh_peer_drop_path(struct oh_peer *p, int64_t now_us, int path, struct oh_ice_change *change) {
  oh_ice_remove_path(&p->ice, now_us, path, change);
  oh_peer_changed(p, now_us, change);
}

// ---- media
// ---------------------------------------------------------------------------------------------------

static enum oh_counter reason(enum oh_srtp_result result, bool rtcp) {
  switch (result) {
  case OH_SRTP_REPLAYED: return rtcp ? OH_COUNT_rtcp_drop_auth : OH_COUNT_rtp_drop_replay;
  case OH_SRTP_FORGED: return rtcp ? OH_COUNT_rtcp_drop_auth : OH_COUNT_rtp_drop_auth;
  case OH_SRTP_FULL: return OH_COUNT_rtp_drop_ssrc_limit;
  case OH_SRTP_OK:
  case OH_SRTP_MALFORMED: break;
  }
  return rtcp ? OH_COUNT_rtcp_drop_malformed : OH_COUNT_rtp_drop_malformed;
}

void oh_peer_media(struct oh_peer *p, int64_t now_us, int path, uint8_t *data, size_t len,
                   struct oh_ice_change *change) {
  oh_ice_count_in(&p->ice, path, len);
  if (!p->in || p->state == OH_PEER_FAILED) {
    count(p, OH_COUNT_rtp_drop_not_ready);
    return;
  }
  bool rtcp = oh_rtp_is_rtcp(data, len);
  struct oh_rtp rtp;
  if (!rtcp && !oh_rtp_read_header(&rtp, data, len)) {
    count(p, OH_COUNT_rtp_drop_malformed);
    return;
  }
  enum oh_srtp_result result = rtcp ? oh_srtp_unprotect_rtcp(p->in, data, &len)
                                    : oh_srtp_unprotect_rtp(p->in, data, &len, rtp.header_len);
  if (result != OH_SRTP_OK) {
    count(p, reason(result, rtcp));
    return;
  }
  oh_ice_heard(&p->ice, now_us, path, change);
  oh_peer_changed(p, now_us, change);
  if (rtcp) {
    count(p, OH_COUNT_rtcp_received);
    struct oh_hub_event *event = emit(p, OH_HUB_RTCP);
    event->data = data;
    event->len = len;
  } else if (oh_rtp_read_payload(&rtp, data, len - rtp.header_len)) {
    count(p, OH_COUNT_rtp_received);
    emit(p, OH_HUB_RTP)->rtp = rtp;
  } else {
    count(p, OH_COUNT_rtp_drop_malformed);
  }
}

// May media go out now? The selected path's index, or -1.
static int way_out(const struct oh_peer *p) {
  return is_up(p) && p->out ? p->ice.selected : -1;
}

bool oh_peer_send_rtp(struct oh_peer *p, const struct oh_rtp_header *header, uint16_t extension_profile,
                      struct oh_bytes extension, const uint8_t *payload, size_t len, struct oh_outbox *out) {
  int path = way_out(p);
  if (path < 0) return false;
  uint8_t *slot = oh_outbox_reserve(out);
  size_t header_len = oh_rtp_write_header(header, extension_profile, extension, slot, OH_DATAGRAM_MAX);
  if (header_len == 0) return false;
  size_t total = oh_srtp_protect_rtp(p->out, slot, header_len, payload, len, OH_DATAGRAM_MAX);
  if (total == 0 || !oh_ice_spend(&p->ice, p->env->world, path, total)) return false;
  oh_outbox_commit(out, &p->ice.paths[path].addr, total);
  return true;
}

bool oh_peer_send_rtcp(struct oh_peer *p, const uint8_t *compound, size_t len, struct oh_outbox *out) {
  int path = way_out(p);
  if (path < 0) return false;
  size_t total = oh_srtp_protect_rtcp(p->out, compound, len, oh_outbox_reserve(out), OH_DATAGRAM_MAX);
  if (total == 0 || !oh_ice_spend(&p->ice, p->env->world, path, total)) return false;
  oh_outbox_commit(out, &p->ice.paths[path].addr, total);
  return true;
}

bool oh_peer_send_data(struct oh_peer *p, const uint8_t *data, size_t len, struct oh_outbox *out) {
  if (way_out(p) < 0 || !p->dtls) return false;
  p->outbox = out;
  bool ok = oh_dtls_write(p->dtls, data, len);
  p->outbox = NULL;
  return ok;
}

// ---- time
// ----------------------------------------------------------------------------------------------------

static bool watches_silence(const struct oh_peer *p) {
  if (p->state == OH_PEER_FAILED) return false;
  return p->state != OH_PEER_NEW || (p->role == OH_PEER_CLIENT && p->ice.started_us != OH_NEVER);
}

static bool wants_to_begin(const struct oh_peer *p) {
  return p->role == OH_PEER_CLIENT && p->state == OH_PEER_CHECKED && !p->dtls && p->has_remote;
}

static int64_t sooner(int64_t a, int64_t b) {
  return a < b ? a : b;
}

int64_t oh_peer_deadline(const struct oh_peer *p) {
  if (p->state == OH_PEER_FAILED) return OH_NEVER;
  int64_t at = sooner(oh_ice_deadline(&p->ice), sooner(p->attempt_until_us, p->shake_until_us));
  if (p->dtls) at = sooner(at, oh_dtls_deadline(p->dtls));
  if (p->dtls && !p->in && p->has_remote && oh_dtls_state(p->dtls) == OH_DTLS_DONE)
    at = 0; // fingerprint came late
  if (wants_to_begin(p)) at = 0;
  if (watches_silence(p))
    at =
        sooner(at, p->ice.consent_us + (p->state == OH_PEER_CONNECTED ? OH_ICE_SILENT_US : OH_ICE_FAILED_US));
  return at;
}

static void tick_dtls(struct oh_peer *p, int64_t now_us) {
  if (wants_to_begin(p)) {
    begin_dtls(p, now_us);
    after_dtls(p, oh_dtls_start(p->dtls, now_us));
    return;
  }
  if (p->dtls && now_us >= p->attempt_until_us) {
    attempt_failed(p);
    return;
  }
  if (p->dtls && !p->in) after_dtls(p, oh_dtls_tick(p->dtls, now_us));
}

void oh_peer_tick(struct oh_peer *p, int64_t now_us, struct oh_outbox *out) {
  if (p->state == OH_PEER_FAILED) return;
  int64_t silence_us = now_us - p->ice.consent_us;
  if (watches_silence(p) && silence_us >= OH_ICE_FAILED_US) {
    if (p->state != OH_PEER_DISCONNECTED && p->state != OH_PEER_CHECKED && p->state != OH_PEER_NEW) {
      p->state = OH_PEER_DISCONNECTED;
      emit(p, OH_HUB_DISCONNECTED);
    }
    fail(p, true, false);
    return;
  }
  if (p->state == OH_PEER_CONNECTED && silence_us >= OH_ICE_SILENT_US) {
    p->state = OH_PEER_DISCONNECTED;
    emit(p, OH_HUB_DISCONNECTED);
  }
  if (now_us >= p->shake_until_us) {
    count(p, OH_COUNT_dtls_failed);
    fail(p, false, false);
    return;
  }
  p->outbox = out;
  oh_ice_tick(&p->ice, p->env->world, now_us, out);
  tick_dtls(p, now_us);
  p->outbox = NULL;
}
