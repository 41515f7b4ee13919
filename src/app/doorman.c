// doorman.c — see doorman.h
#include "app/doorman.h"
#include "app/voice_token.h"
#include "base/check.h"
#include "base/limits.h"
#include "call/jwks.h"
#include "call/signin.h"
#include <openssl/crypto.h>
#include <stdlib.h>

// The keys of one origin, known by its text: the URL, or the PEM or secret itself.
struct link {
  char *text;
  bool is_local; // made here from PEM or a secret
  bool is_asked; // the clerk was asked and has not answered yet
  bool has_keys;
  struct oh_jws_keys keys;
  int64_t ask_from_us, next_us; // what the clerk last said
};

struct waiting {
  oh_id conn;
  struct link *link; // links stay until the end, or until a reload, when nobody waits for local ones
  int64_t give_up_us;
};

struct oh_doorman {
  struct oh_web *web;
  struct link *links[2 * OH_KEY_SOURCES_MAX];
  size_t link_count;
  struct waiting waiting[OH_KEY_WAITING_MAX];
  size_t waiting_count;
};

struct oh_doorman *oh_doorman_open(struct oh_web *web) {
  struct oh_doorman *doorman = calloc(1, sizeof *doorman);
  OH_CHECK(doorman);
  doorman->web = web;
  return doorman;
}

static void free_link(struct link *link) {
  OPENSSL_cleanse(link->text, strlen(link->text));
  free(link->text);
  oh_jws_keys_fini(&link->keys);
  free(link);
}

void oh_doorman_close(struct oh_doorman *doorman) {
  if (!doorman) return;
  for (size_t i = 0; i < doorman->link_count; i++)
    free_link(doorman->links[i]);
  free(doorman);
}

void oh_doorman_reload(struct oh_doorman *doorman) {
  size_t kept = 0;
  for (size_t i = 0; i < doorman->link_count; i++)
    if (doorman->links[i]->is_local)
      free_link(doorman->links[i]);
    else
      doorman->links[kept++] = doorman->links[i];
  doorman->link_count = kept;
}

static struct link *find(const struct oh_doorman *doorman, struct oh_str text) {
  for (size_t i = 0; i < doorman->link_count; i++)
    if (oh_str_eq(oh_str(doorman->links[i]->text), text)) return doorman->links[i];
  return NULL;
}

// NULL: there are too many, which takes hundreds of sites and many reloads.
static struct link *find_or_add(struct oh_doorman *doorman, struct oh_str text) {
  struct link *link = find(doorman, text);
  if (link || doorman->link_count == sizeof doorman->links / sizeof *doorman->links) return link;
  link = calloc(1, sizeof *link);
  OH_CHECK(link);
  link->text = oh_str_dup(text);
  doorman->links[doorman->link_count++] = link;
  return link;
}

static struct link *link_of(struct oh_doorman *doorman, const struct oh_site *site) {
  struct oh_key_origin origin;
  oh_key_origin_read(site, &origin);
  struct link *link = NULL;
  if (origin.kind != OH_KEYS_NONE) link = find_or_add(doorman, oh_text_str(&origin.text));
  bool is_local = origin.kind == OH_KEYS_SECRET || origin.kind == OH_KEYS_PEM;
  if (link && is_local && !link->is_local) {
    link->is_local = link->has_keys = true;
    if (origin.kind == OH_KEYS_SECRET)
      oh_jws_add_secret(&link->keys, origin.text.data);
    else
      oh_jwks_read_pem(oh_text_str(&origin.text), &link->keys); // the configuration was checked: it is one
  }
  oh_key_origin_fini(&origin);
  return link;
}

// ---- waiting

static uint32_t seconds_until(int64_t at_us, int64_t now_us) {
  int64_t seconds = (at_us - now_us + 999999) / 1000000;
  return seconds < 1 ? 1 : (uint32_t)seconds;
}

// A key that is not there: hold the request while the clerk looks for it, unless that is in vain.
static enum oh_doorman_answer wait_for_keys(struct oh_doorman *doorman,
                                            const struct oh_voice_request *request, struct link *link,
                                            bool is_last, enum oh_problem *problem, uint32_t *retry_after_s) {
  int64_t now_us = request->now_us;
  bool in_vain = is_last || link->is_local || (!link->is_asked && now_us < link->ask_from_us);
  *problem = link->has_keys ? OH_PROBLEM_AUTH_REQUIRED : OH_PROBLEM_AUTH_UNAVAILABLE;
  *retry_after_s = link->has_keys ? 0 : seconds_until(link->next_us, now_us);
  if (in_vain) return OH_DOORMAN_REFUSES;
  *problem = OH_PROBLEM_AUTH_UNAVAILABLE;
  *retry_after_s = 1;
  if (doorman->waiting_count == OH_KEY_WAITING_MAX) return OH_DOORMAN_REFUSES;
  struct oh_web *web = doorman->web;
  if (!link->is_asked && !oh_keyring_ask(web->keyring, web->clerk, link->text, link->next_us))
    return OH_DOORMAN_REFUSES;
  link->is_asked = true;
  doorman->waiting[doorman->waiting_count++] = (struct waiting){request->conn, link, now_us + OH_KEY_WAIT_US};
  return OH_DOORMAN_WAITS;
}

// Lets go whoever waits for `link` (NULL: for any) and, unless there was news, has waited too long.
static void release(struct oh_doorman *doorman, int64_t now_us, const struct link *link) {
  struct waiting ready[OH_KEY_WAITING_MAX];
  size_t ready_count = 0, kept = 0;
  for (size_t i = 0; i < doorman->waiting_count; i++) {
    const struct waiting *one = &doorman->waiting[i];
    if (link ? one->link == link : now_us >= one->give_up_us)
      ready[ready_count++] = *one;
    else
      doorman->waiting[kept++] = *one;
  }
  doorman->waiting_count = kept;
  for (size_t i = 0; i < ready_count; i++) {
    ready[i].link->is_asked = false; // news that got lost must not keep us from asking again
    oh_voice_sign_in_again(doorman->web, now_us, ready[i].conn);
  }
}

void oh_doorman_tick(struct oh_doorman *doorman, int64_t now_us) {
  release(doorman, now_us, NULL);
}

void oh_doorman_hear(struct oh_doorman *doorman, int64_t now_us, struct oh_key_news *take_news) {
  struct link *link = find_or_add(doorman, oh_str(take_news->url));
  if (link) {
    link->is_asked = false;
    link->has_keys = take_news->has_keys;
    link->ask_from_us = take_news->ask_from_us;
    link->next_us = take_news->next_us;
    oh_jws_keys_fini(&link->keys);
    link->keys = take_news->keys;
    take_news->keys = (struct oh_jws_keys){0};
    release(doorman, now_us, link);
  }
  oh_key_news_free(take_news);
}

// ---- asking

bool oh_doorman_is_needed(const struct oh_site *site, const char *identity) {
  return site->auth != OH_AUTH_ANONYMOUS || (identity && site->signed_secret && *site->signed_secret);
}

enum oh_doorman_answer oh_doorman_ask(struct oh_doorman *doorman, const struct oh_voice_request *request,
                                      const struct oh_site *site, const char *identity, bool is_last,
                                      struct oh_user *user, enum oh_problem *problem,
                                      uint32_t *retry_after_s) {
  struct oh_world *world = doorman->web->world;
  struct link *link = link_of(doorman, site);
  const struct oh_signin_request signin = {.site = site,
                                           .authorization =
                                               oh_http_field(request->http, OH_STR("Authorization")),
                                           .identity = oh_str(identity),
                                           .host = oh_http_field(request->http, OH_STR("Host")),
                                           .keys = link && link->has_keys ? &link->keys : NULL,
                                           .unix_s = oh_unix_us(world, request->now_us) / 1000000};
  const char *why;
  *retry_after_s = 0;
  *problem = OH_PROBLEM_AUTH_REQUIRED;
  enum oh_doorman_answer answer = OH_DOORMAN_REFUSES;
  switch (oh_signin_read(&signin, user, &why)) {
  case OH_SIGNIN_OK: oh_count(&world->counters, OH_COUNT_signins_accepted); return OH_DOORMAN_LETS_IN;
  case OH_SIGNIN_FORBIDDEN: *problem = OH_PROBLEM_AUTH_FORBIDDEN; break;
  case OH_SIGNIN_NEEDS_KEYS:
    if (link) answer = wait_for_keys(doorman, request, link, is_last, problem, retry_after_s);
    break;
  case OH_SIGNIN_REQUIRED: break;
  }
  if (answer == OH_DOORMAN_REFUSES) {
    oh_count(&world->counters, OH_COUNT_signins_refused);
    oh_log(&world->log, OH_LOG_DEBUG, "sign-in refused", "site=%s why=\"%s\"", site->id,
           *why ? why : "no token");
  }
  return answer;
}
