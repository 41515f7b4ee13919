// keyring.c — see keyring.h
#include "app/keyring.h"
#include "app/doorman.h"
#include "app/worker.h"
#include "base/check.h"
#include "base/limits.h"
#include "call/jwks.h"
#include "call/key_source.h"
#include "call/signin.h"
#include "io/http_client.h"
#include <stdlib.h>

struct source {
  struct oh_keyring *keyring;
  struct oh_key_source schedule;
  char *url, *bearer; // bearer may be NULL
  bool is_discovery;
  bool is_wanted; // by the configuration that holds now
  char *set;      // the last good key set, as it came
};

struct oh_keyring {
  struct oh_desk desk;
  const struct oh_crew *crew;
  struct oh_clerk *clerk; // once it runs
  struct source *sources[OH_KEY_SOURCES_MAX];
  size_t source_count;
};

static void free_source(struct source *source) {
  free(source->url);
  free(source->bearer);
  free(source->set);
  free(source);
}

static struct source *find(const struct oh_keyring *keyring, struct oh_str url) {
  for (size_t i = 0; i < keyring->source_count; i++)
    if (oh_str_eq(oh_str(keyring->sources[i]->url), url)) return keyring->sources[i];
  return NULL;
}

// ---- news

void oh_key_news_free(struct oh_key_news *news) {
  free(news->url);
  oh_jws_keys_fini(&news->keys);
  free(news);
}

static void drop_news(struct oh_job *take_job) {
  oh_key_news_free((struct oh_key_news *)take_job);
}

static void deliver_news(struct oh_job *take_job, void *place, int64_t now_us) {
  struct oh_web *web = place;
  oh_doorman_hear(web->doorman, now_us, (struct oh_key_news *)take_job);
}

// Each worker gets a set of its own: OpenSSL's keys are not shared between threads. `set` is NULL if there is
// none.
static void tell_workers(const struct oh_keyring *keyring, const char *url,
                         const struct oh_key_source *schedule, const char *set) {
  for (uint32_t i = 0; i < keyring->crew->count; i++) {
    struct oh_key_news *news = calloc(1, sizeof *news);
    OH_CHECK(news);
    *news = (struct oh_key_news){.job = {deliver_news, drop_news},
                                 .url = oh_str_dup(oh_str(url)),
                                 .ask_from_us = schedule->ask_from_us,
                                 .next_us = schedule->next_us};
    if (set) news->has_keys = oh_jwks_read((struct oh_bytes){(const uint8_t *)set, strlen(set)}, &news->keys);
    oh_worker_post(keyring->crew->workers[i], &news->job);
  }
}

static void tell_of(const struct source *source) {
  tell_workers(source->keyring, source->url, &source->schedule,
               source->schedule.has_keys ? source->set : NULL);
}

// ---- fetching

static void end_fetch(struct source *source, int64_t now_us, const char *new_set, const char *trouble) {
  struct oh_keyring *keyring = source->keyring;
  const struct oh_log *log = &oh_clerk_world(keyring->clerk)->log;
  oh_key_source_done(&source->schedule, now_us, new_set != NULL);
  if (new_set) {
    free(source->set);
    source->set = oh_str_dup(oh_str(new_set));
    oh_log(log, OH_LOG_INFO, "identity provider's keys fetched", "url=%s", source->url);
  } else {
    oh_log(log, OH_LOG_WARN, "identity provider's keys could not be fetched", "url=%s why=\"%s\" old_keys=%s",
           source->url, trouble, source->schedule.has_keys ? "kept" : "none");
  }
  tell_of(source);
}

static bool fetch(struct source *source, const char *url,
                  void (*done)(void *ctx, int64_t now_us, const struct oh_http_fetched *answer)) {
  char bearer[600];
  const char *fields[2] = {"Accept: application/json", bearer};
  if (source->bearer) snprintf(bearer, sizeof bearer, "Authorization: Bearer %s", source->bearer);
  const struct oh_http_fetch wish = {.url = url,
                                     .fields = fields,
                                     .field_count = source->bearer ? 2 : 1,
                                     .answer_bytes_max = OH_JWKS_MAX,
                                     .timeout_ms = OH_KEY_FETCH_MS,
                                     .done = done,
                                     .ctx = source};
  return oh_http_fetch(oh_clerk_http(source->keyring->clerk), &wish);
}

// What is wrong with an answer, or NULL.
static const char *trouble_of(const struct oh_http_fetched *answer, char text[64]) {
  if (!answer->status) return answer->trouble;
  if (answer->status == 200) return NULL;
  snprintf(text, 64, "status %d", answer->status);
  return text;
}

static void on_set(void *ctx, int64_t now_us, const struct oh_http_fetched *answer) {
  struct source *source = ctx;
  struct oh_jws_keys keys = {0};
  char text[64], *set = NULL;
  const char *trouble = trouble_of(answer, text);
  if (!trouble && !oh_jwks_read(answer->body, &keys)) trouble = "it has no key that we can use";
  oh_jws_keys_fini(&keys);
  if (!trouble) set = oh_str_dup((struct oh_str){(const char *)answer->body.data, answer->body.len});
  end_fetch(source, now_us, set, trouble);
  free(set);
}

static void on_discovery(void *ctx, int64_t now_us, const struct oh_http_fetched *answer) {
  struct source *source = ctx;
  struct oh_text keys_url;
  char text[64];
  const char *trouble = trouble_of(answer, text);
  oh_text_init(&keys_url, OH_FETCH_URL_MAX);
  struct oh_str json = {(const char *)answer->body.data, answer->body.len};
  if (!trouble && !oh_discovery_read(json, oh_str(source->url), &keys_url))
    trouble = "it is not the configuration of this issuer";
  if (!trouble && !fetch(source, keys_url.data, on_set)) trouble = "it names a URL that we do not fetch";
  if (trouble) end_fetch(source, now_us, NULL, trouble);
  oh_text_fini(&keys_url);
}

static void begin(struct source *source, int64_t now_us, bool asked) {
  if (!oh_key_source_begin(&source->schedule, now_us, asked)) return;
  if (!fetch(source, source->url, source->is_discovery ? on_discovery : on_set))
    end_fetch(source, now_us, NULL, "the URL is not https, or too many requests are under way");
}

// ---- jobs

struct sites_job {
  struct oh_job job;
  struct oh_keyring *keyring;
  const struct oh_config *config;
};

static void drop_job(struct oh_job *take_job) {
  free(take_job);
}

static void want(struct oh_keyring *keyring, const struct oh_key_origin *origin, int64_t now_us) {
  struct source *source = find(keyring, oh_text_str(&origin->text));
  if (!source && keyring->source_count < OH_KEY_SOURCES_MAX) {
    source = calloc(1, sizeof *source);
    OH_CHECK(source);
    source->keyring = keyring;
    source->url = oh_str_dup(oh_text_str(&origin->text));
    source->is_discovery = origin->kind == OH_KEYS_DISCOVERY;
    oh_key_source_init(&source->schedule, now_us);
    keyring->sources[keyring->source_count++] = source;
  }
  if (!source) return;
  source->is_wanted = true;
  free(source->bearer);
  source->bearer = origin->bearer.len ? oh_str_dup(oh_text_str(&origin->bearer)) : NULL;
}

static void set_sites(struct oh_job *take_job, void *place, int64_t now_us) {
  struct sites_job *job = (struct sites_job *)take_job;
  struct oh_keyring *keyring = job->keyring;
  (void)place;
  for (size_t i = 0; i < keyring->source_count; i++)
    keyring->sources[i]->is_wanted = false;
  for (size_t i = 0; i < job->config->sites.count; i++) {
    struct oh_key_origin origin;
    oh_key_origin_read(&job->config->sites.items[i], &origin);
    if (origin.kind == OH_KEYS_JWKS || origin.kind == OH_KEYS_DISCOVERY) want(keyring, &origin, now_us);
    oh_key_origin_fini(&origin);
  }
  size_t kept = 0;
  for (size_t i = 0; i < keyring->source_count; i++) {
    struct source *source = keyring->sources[i];
    if (!source->is_wanted && !source->schedule.is_busy) {
      free_source(source);
      continue;
    }
    keyring->sources[kept++] = source;
  }
  keyring->source_count = kept;
  for (size_t i = 0; i < keyring->source_count; i++)
    if (keyring->sources[i]->is_wanted) begin(keyring->sources[i], now_us, false);
  free(job);
}

void oh_keyring_set_sites(struct oh_keyring *keyring, struct oh_clerk *clerk,
                          const struct oh_config *config) {
  struct sites_job *job = calloc(1, sizeof *job);
  OH_CHECK(job);
  *job = (struct sites_job){{set_sites, drop_job}, keyring, config};
  oh_clerk_post(clerk, &job->job);
}

struct ask_job {
  struct oh_job job;
  struct oh_keyring *keyring;
  int64_t known_next_us;
  char url[];
};

static void hear_ask(struct oh_job *take_job, void *place, int64_t now_us) {
  struct ask_job *job = (struct ask_job *)take_job;
  struct source *source = find(job->keyring, oh_str(job->url));
  struct oh_key_source nobody = {.next_us = now_us + OH_KEY_RETRY_US,
                                 .ask_from_us = now_us + OH_KEY_RETRY_US};
  (void)place;
  // Who asks may have missed the last news by a moment: then these are the answer, and no reason to fetch
  // again.
  if (source) begin(source, now_us, source->schedule.next_us == job->known_next_us);
  // A fetch under way brings its own news; otherwise those who wait are to be told that none will come.
  if (!source)
    tell_workers(job->keyring, job->url, &nobody, NULL);
  else if (!source->schedule.is_busy)
    tell_of(source);
  free(job);
}

bool oh_keyring_ask(struct oh_keyring *keyring, struct oh_clerk *clerk, const char *url,
                    int64_t known_next_us) {
  size_t size = strlen(url) + 1;
  struct ask_job *job = calloc(1, sizeof *job + size);
  OH_CHECK(job);
  job->job = (struct oh_job){hear_ask, drop_job};
  job->keyring = keyring;
  job->known_next_us = known_next_us;
  memcpy(job->url, url, size);
  return oh_clerk_post(clerk, &job->job);
}

// ---- the desk

static void on_open(struct oh_desk *desk, struct oh_clerk *clerk, int64_t now_us) {
  (void)now_us;
  ((struct oh_keyring *)desk)->clerk = clerk;
}

static void on_tick(struct oh_desk *desk, int64_t now_us) {
  struct oh_keyring *keyring = (struct oh_keyring *)desk;
  for (size_t i = 0; i < keyring->source_count; i++)
    if (keyring->sources[i]->is_wanted) begin(keyring->sources[i], now_us, false);
}

struct oh_keyring *oh_keyring_open(const struct oh_crew *crew) {
  struct oh_keyring *keyring = calloc(1, sizeof *keyring);
  OH_CHECK(keyring);
  keyring->desk = (struct oh_desk){.open = on_open, .tick = on_tick};
  keyring->crew = crew;
  return keyring;
}

struct oh_desk *oh_keyring_desk(struct oh_keyring *keyring) {
  return &keyring->desk;
}

void oh_keyring_close(struct oh_keyring *keyring) {
  if (!keyring) return;
  for (size_t i = 0; i < keyring->source_count; i++)
    free_source(keyring->sources[i]);
  free(keyring);
}
