// voice_gate.c — see voice_gate.h
#include "app/voice_gate.h"
#include "base/check.h"
#include "call/gate.h"
#include "call/proof.h"
#include "call/ticket.h"
#include "livekit/house.h"
#include <stdlib.h>
#include <uv.h>

struct oh_voice_gate {
  uv_mutex_t lock;
  struct oh_gate *gate;
};

struct oh_voice_gate *oh_voice_gate_open(const struct oh_random *random) {
  struct oh_voice_gate *gate = calloc(1, sizeof *gate);
  uint8_t secret[16];
  OH_CHECK(gate && uv_mutex_init(&gate->lock) == 0);
  oh_random_fill(random, secret, sizeof secret);
  gate->gate = oh_gate_open(secret);
  return gate;
}

void oh_voice_gate_close(struct oh_voice_gate *gate) {
  if (!gate) return;
  oh_gate_close(gate->gate);
  uv_mutex_destroy(&gate->lock);
  free(gate);
}

// ---- proof of work

static void set_puzzle(const struct oh_voice_request *request, const struct oh_proof_of *of, uint32_t bits) {
  struct oh_world *world = request->web->world;
  struct oh_text ticket, members;
  struct oh_puzzle puzzle;
  oh_text_init(&ticket, 512);
  oh_text_init(&members, 1024);
  oh_proof_set(of, &request->web->config->key_items[0], &world->random,
               oh_unix_us(world, request->now_us) / 1000000, bits, &puzzle, &ticket);
  oh_text_addf(&members,
               ",\"ticket\":\"%s\",\"proof\":{\"algorithm\":\"SHA-256\",\"challenge\":\"%s\",\"bits\":%u}",
               ticket.data, puzzle.challenge, puzzle.bits);
  OH_CHECK(!ticket.failed && !members.failed);
  oh_voice_refuse_with(request, OH_PROBLEM_PROOF_REQUIRED, 0, oh_text_str(&members));
  oh_text_fini(&ticket);
  oh_text_fini(&members);
}

static bool is_proved(const struct oh_voice_request *request, const struct oh_proof_of *of,
                      const struct oh_wish *wish) {
  struct oh_web *web = request->web;
  uint64_t serial;
  if (!wish->ticket || !wish->proof) return false;
  if (!oh_proof_is_good(of, &web->config->key_items[0], oh_unix_us(web->world, request->now_us) / 1000000,
                        oh_str(wish->ticket), oh_str(wish->proof), &serial))
    return false;
  uv_mutex_lock(&web->gate->lock);
  bool first = oh_gate_spend(web->gate->gate, request->now_us, serial);
  uv_mutex_unlock(&web->gate->lock);
  if (first) oh_count(&web->world->counters, OH_COUNT_proofs_solved);
  return first;
}

bool oh_voice_gate_prove(const struct oh_voice_request *request, const struct oh_site *site,
                         const struct oh_wish *wish) {
  struct oh_voice_gate *gate = request->web->gate;
  uv_mutex_lock(&gate->lock);
  uint32_t bits = oh_gate_press(gate->gate, request->now_us, site);
  uv_mutex_unlock(&gate->lock);
  if (bits == 0) return true;
  char *origin = oh_str_dup(oh_http_field(request->http, OH_STR("Origin")));
  struct oh_proof_of of = {.site = site->id, .origin = origin, .address = oh_voice_visitor(request)};
  bool proved = is_proved(request, &of, wish);
  if (!proved) set_puzzle(request, &of, bits);
  free(origin);
  return proved;
}

// ---- calls

enum oh_problem oh_voice_gate_begin(const struct oh_voice_request *request, const struct oh_site *site,
                                    const char *room, bool resumed, uint32_t *retry_after_s) {
  struct oh_voice_gate *gate = request->web->gate;
  int64_t now_us = request->now_us;
  enum oh_problem problem = OH_PROBLEM_NONE;
  *retry_after_s = 0;
  struct oh_addr visitor = oh_voice_visitor(request);
  uv_mutex_lock(&gate->lock);
  if (!resumed)
    problem = oh_gate_begin(gate->gate, now_us, oh_unix_us(request->web->world, now_us), site, &visitor,
                            oh_str(room), retry_after_s);
  else if (!oh_gate_is_alive(gate->gate, now_us, oh_str(room)))
    problem = OH_PROBLEM_ROOM_CLOSED;
  uv_mutex_unlock(&gate->lock);
  return problem;
}

// The site that a token of ours was made for; NULL: another's token, or a site that is no more.
static const struct oh_site *site_of(const struct oh_config *config, const struct oh_claims *claims) {
  for (size_t i = 0; i < claims->attribute_count; i++)
    if (strcmp(claims->attributes[2 * i], OH_SITE_ATTRIBUTE) == 0)
      return oh_sites_find(&config->sites, oh_str(claims->attributes[2 * i + 1]));
  return NULL;
}

bool oh_voice_gate_join(struct oh_voice_gate *gate, const struct oh_config *config, int64_t now_us,
                        const struct oh_claims *claims) {
  const struct oh_site *site = site_of(config, claims);
  if (!site) return true;
  uv_mutex_lock(&gate->lock);
  bool ok = oh_gate_join(gate->gate, now_us, site, oh_str(claims->video.room));
  uv_mutex_unlock(&gate->lock);
  return ok;
}

void oh_voice_gate_saw(struct oh_voice_gate *gate, int64_t now_us, const struct oh_site *site,
                       struct oh_str room, bool occupied) {
  uv_mutex_lock(&gate->lock);
  oh_gate_saw(gate->gate, now_us, site, room, occupied);
  uv_mutex_unlock(&gate->lock);
}

void oh_voice_gate_over(struct oh_voice_gate *gate, struct oh_str room) {
  uv_mutex_lock(&gate->lock);
  oh_gate_over(gate->gate, room);
  uv_mutex_unlock(&gate->lock);
}

void oh_voice_gate_watch(struct oh_voice_gate *gate, const struct oh_config *config, struct oh_world *world,
                         int64_t now_us, struct oh_house *house) {
  uv_mutex_lock(&gate->lock);
  struct oh_house_room room = {0};
  while (oh_house_next_room(house, OH_SITE_ATTRIBUTE, &room)) {
    const struct oh_site *site = room.label ? oh_sites_find(&config->sites, oh_str(room.label)) : NULL;
    oh_gate_saw(gate->gate, now_us, site, room.name, room.people > 0);
    int64_t age_us = now_us - room.created_us;
    if (!site || !site->max_duration_s || age_us < (int64_t)site->max_duration_s * 1000000) continue;
    oh_count(&world->counters, OH_COUNT_calls_ended_duration);
    oh_house_end_room(house, now_us, room.id);
  }
  oh_gate_tick(gate->gate, now_us);
  uv_mutex_unlock(&gate->lock);
}
