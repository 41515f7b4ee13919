// site.h — the websites that a server takes calls for, as the operator wants them. Keys under `voice.` are
// the site "default"; `voice.sites.<id>` are others, each standing for itself: nothing is inherited, so that
// opening one to strangers never opens another. Read once (app/config_table.c), then only read by everybody;
// a reload makes new ones (docs/OPERATING.md).
#pragma once
#include "base/strings.h"
#include "base/text.h"
#include <stdbool.h>
#include <stdint.h>

#define OH_SITE_DEFAULT "default"

enum oh_auth { OH_AUTH_ANONYMOUS, OH_AUTH_CLERK, OH_AUTH_OIDC, OH_AUTH_SIGNED };

struct oh_site_clerk {
  char *jwt_key, *jwks_url, *issuer, *secret_key, *publishable_key; // NULL: not set
  struct oh_strings authorized_parties;
};
struct oh_site_oidc {
  char *issuer, *jwks_url;
  struct oh_strings audience; // any of them; there has to be one
};

struct oh_site {
  char *id;
  char *name;
  enum oh_auth auth; // made of `auth_name` and the keys that are there, by oh_site_finish
  char *auth_name;
  struct oh_site_clerk clerk;
  struct oh_site_oidc oidc;
  char *signed_secret;

  // who may call, and how much (0: no limit)
  struct oh_strings allowed_origins;
  uint32_t per_address_budget, per_address_daily, daily_budget, concurrent_calls, attack_threshold;
  bool require_ticket, paused;

  // the call
  uint32_t token_ttl_s, invite_ttl_s, ring_timeout_s, max_duration_s;
  bool echo;
  char *agent; // the name of LiveKit Agents' worker that answers; NULL: none

  // what the button shows
  char *tel, *consent, *consent_text, *consent_version, *greeting, *placement, *label;
  struct oh_strings languages, presets; // presets: "de.greeting: Guten Tag", "de.terms: …"
  char *theme_accent, *theme_radius, *theme_logo;
};

struct oh_sites {
  struct oh_site *items; // [0] is "default"
  size_t count;
};

// Empty and "default" are the first; NULL: there is no such site.
const struct oh_site *oh_sites_find(const struct oh_sites *sites, struct oh_str id);
// Whether any site lets pages of this origin in: all that is known before a request's body is read.
bool oh_sites_allow_origin(const struct oh_sites *sites, struct oh_str origin, struct oh_str host);
bool oh_site_allows_origin(const struct oh_site *site, struct oh_str origin, struct oh_str host);

// Letters, digits, '-' and '_', at most 63: it is part of URLs, attributes and metrics.
bool oh_site_id_is_valid(struct oh_str id);
// Decides `auth` and looks for contradictions. False: `why` is a sentence that begins with the key's name.
bool oh_site_finish(struct oh_site *site, struct oh_text *why);
const char *oh_auth_name(enum oh_auth auth); // "clerk"

// One line of `presets`: "de.greeting: Guten Tag" → "de", "greeting", "Guten Tag".
bool oh_site_read_preset(const char *line, struct oh_str *language, struct oh_str *field,
                         struct oh_str *text);
