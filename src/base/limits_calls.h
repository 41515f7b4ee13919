// limits_calls.h — the second page of limits.h, for what is around a call: the clerk, sites, sign-in,
// records. Include limits.h.
#pragma once

// The clerk: outgoing HTTP and the disk (app/clerk.h).
#define OH_CLERK_JOBS_MAX 16384            // waiting; a worker whose job does not fit answers without it
#define OH_CLERK_LINGER_US (2 * 1000000LL) // at the end, for what a desk has under way
#define OH_DESKS_MAX 8                     // parts of the program that live on its thread
#define OH_FETCHES_MAX 320    // HTTP requests under way: one for every site, and all webhooks (limits_api.h)
#define OH_FETCH_URL_MAX 2048 // bytes; longer ones are nobody's honest key set

// Calls that another LiveKit carries (call/far_call.h, app/far_desk.h).
#define OH_FAR_CALLS_MAX 16384           // that server's limit is another; these are for counting them
#define OH_FAR_PEOPLE_MAX 16             // of one call: more than anybody talks with from a button
#define OH_WEBHOOK_DIGEST_MAX 64         // bytes, to read 32 into
#define OH_FAR_SID_MAX 31                // LiveKit's have 15
#define OH_FAR_AGE_MAX_S (7 * 24 * 3600) // of a room when somebody joins; more is a broken clock
#define OH_FAR_QUIET_US (60 * 1000000LL) // a call of which nothing is heard for so long is asked for
#define OH_FAR_ASK_MAX 100               // rooms of one such question
#define OH_FAR_ANSWER_MAX (4 * 1024 * 1024)
#define OH_FAR_FETCH_MS 5000
#define OH_FAR_END_RETRY_US (10 * 1000000LL) // to end a call that is too long, again

// Sites (call/site.h).
#define OH_SITES_MAX 256      // of one server, "default" not counted
#define OH_SITE_ID_MAX 63     // as a DNS label: ids go into URLs
#define OH_SITE_TEXT_MAX 4096 // bytes of one text that an operator writes for visitors

// What a page claims in a token request (call/wish.h); all of it must fit a token of 8 KB.
#define OH_PAGE_ATTRIBUTES_MAX 32
#define OH_PAGE_KEY_MAX 64
#define OH_PAGE_VALUE_MAX 512
#define OH_PAGE_BYTES_MAX 2048 // keys and values together
#define OH_PAGE_URL_MAX 512    // longer ones are cut
#define OH_PAGE_TITLE_MAX 128
#define OH_PAGE_LOCALE_MAX 35     // the longest tag that RFC 5646 4.4.1 asks us to take
#define OH_RETURN_MAX 4096        // characters of a resume ticket
#define OH_RETURN_ORIGIN_MAX 255  // of the page it is bound to; longer ones get no resume
#define OH_RETURN_SUBJECT_MAX 255 // of the user it is bound to, likewise

// Sign-in (call/jws.h, call/jwks.h, call/signin.h, app/keyring.h).
#define OH_KID_MAX 128                   // bytes of a key id; Clerk's have 31, Entra's 27
#define OH_JWKS_MAX (64 * 1024)          // bytes of a key set; with certificates Entra's has 20 KB
#define OH_JWKS_KEYS_MAX 32              // keys kept of one set; the rest is left out
#define OH_RSA_BITS_MIN 2048             // NIST SP 800-131A; RFC 7518 3.3
#define OH_RSA_BITS_MAX 4096             // a larger one costs a worker more than a millisecond per token
#define OH_SIGNIN_LEEWAY_S 10            // clocks of servers; Clerk's own default is 5 s
#define OH_SIGNED_LIFE_MAX_S (24 * 3600) // of an identity that a site signs: long enough for a day's work
#define OH_SUBJECT_MAX 255               // OpenID Connect Core 2: sub has at most 255 ASCII characters
#define OH_USER_NAME_MAX 64              // bytes; a name, not a message
#define OH_USER_ATTRIBUTES_MAX 32        // of a signed identity
#define OH_USER_KEY_MAX 64               // bytes
#define OH_USER_VALUE_MAX 512            // bytes
#define OH_USER_BYTES_MAX 2048 // keys and values together: they go into a token of 8 KB, with the page's
#define OH_KEY_FETCH_MS 3500   // for a key set, so that a waiting visitor gets an answer within 5 s
#define OH_KEY_WAIT_US (4 * 1000000)   // a token request waits so long for keys, looked at once a second
#define OH_KEY_WAITING_MAX 256         // requests that wait for keys, per worker; further ones are sent away
#define OH_KEY_ASK_US (60 * 1000000LL) // an unknown key id makes us fetch at most so often
#define OH_KEY_REFRESH_US (3600 * 1000000LL)    // and without any we fetch so often
#define OH_KEY_STALE_US (24 * 3600 * 1000000LL) // keys that could not be refreshed for so long are dropped
#define OH_KEY_RETRY_US (1 * 1000000LL)         // after a failure, doubling up to OH_KEY_ASK_US
#define OH_KEY_SOURCES_MAX 512                  // one per site, and those of a configuration read again

// What buttons report, and where it is kept (call/event.h, store/records.h).
#define OH_EVENTS_BODY_MAX (64 * 1024)    // what sendBeacon takes
#define OH_EVENTS_MAX 64                  // of one request; a button sends about 20 a minute
#define OH_EVENTS_PER_MINUTE 120          // requests of one address; an office behind one has many buttons
#define OH_CHECKS_PER_MINUTE 10           // network checks of one address, besides its calls
#define OH_CHECK_TOKEN_S 60               // to join a check's room
#define OH_CHECK_ROOM_US (30 * 1000000LL) // a check takes three seconds; slow networks get ten times that
#define OH_RECORDS_WAITING_MAX 512        // rows of one transaction; then it ends at once

// The gate (call/gate.h).
#define OH_USAGES_MAX (4 * OH_SITES_MAX)    // sites counted, those of earlier configurations too
#define OH_LEASES_MAX 262144                // rooms of tokens, as many as 64 workers have
#define OH_LEASE_ISSUED_US (30 * 1000000LL) // from a token to the join; the permission prompt may be between
#define OH_LEASE_SEEN_US (5 * 1000000LL)    // workers look once a second, a busy machine may be late
#define OH_LEASE_SWEEP_US (1 * 1000000LL)
#define OH_PROOF_S 120            // to solve a puzzle on a slow telephone
#define OH_PROOF_BITS_CALM 8      // require_ticket without an attack: shows that a program runs
#define OH_PROOF_BITS_MIN 16      // some 0.1 s in a browser
#define OH_PROOF_BITS_MAX 22      // some seconds
#define OH_PROOF_NONCE_MAX 64     // characters
#define OH_PROOFS_SPENT_MAX 65536 // within OH_PROOF_S; more than that are refused
