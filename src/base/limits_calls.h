// limits_calls.h — the second page of limits.h, for what is around a call: the clerk, sites, sign-in,
// records. Include limits.h.
#pragma once

// The clerk: outgoing HTTP and the disk (app/clerk.h).
#define OH_CLERK_JOBS_MAX 16384 // waiting; a worker whose job does not fit answers without it
#define OH_DESKS_MAX 8          // parts of the program that live on its thread
#define OH_FETCHES_MAX 256      // HTTP requests under way: one for every site
#define OH_FETCH_URL_MAX 2048   // bytes; longer ones are nobody's honest key set

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
