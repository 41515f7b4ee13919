// keyring.h — the clerk's desk for identity providers' public keys: fetches them as key_source.h says and
// mails every worker a copy whenever there is news, good or bad. Old keys stay while new ones cannot be had.
#pragma once
#include "app/clerk.h"
#include "app/config.h"
#include "call/jws.h"

struct oh_crew;
struct oh_keyring;

// `crew` is where the news go; its workers must be there before the clerk starts.
struct oh_keyring *oh_keyring_open(const struct oh_crew *crew);
struct oh_desk *oh_keyring_desk(struct oh_keyring *keyring);
void oh_keyring_close(struct oh_keyring *keyring); // after the clerk; NULL is fine

// From any thread. Which sites there are, at the start and after a reload; `config` lives until the end.
void oh_keyring_set_sites(struct oh_keyring *keyring, struct oh_clerk *clerk, const struct oh_config *config);
// From any thread: a token names a key that is not in the set of `url`. News follow in any case.
// `known_next_us`: of the last news that the worker had, 0 if none. False: the clerk is too busy.
bool oh_keyring_ask(struct oh_keyring *keyring, struct oh_clerk *clerk, const char *url,
                    int64_t known_next_us);

// What a worker is told (doorman.h takes it).
struct oh_key_news {
  struct oh_job job;
  char *url; // of the set, or of the configuration that names it
  bool has_keys;
  struct oh_jws_keys keys; // its own copy of all that there are
  int64_t ask_from_us;     // before, asking is in vain
  int64_t next_us;         // when it will be tried again
};
void oh_key_news_free(struct oh_key_news *news);
