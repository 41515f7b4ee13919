// limits_calls.h — the second page of limits.h, for what is around a call: the clerk, sites, sign-in,
// records. Include limits.h.
#pragma once

// The clerk: outgoing HTTP and the disk (app/clerk.h).
#define OH_CLERK_JOBS_MAX 16384 // waiting; a worker whose job does not fit answers without it
#define OH_DESKS_MAX 8          // parts of the program that live on its thread
#define OH_FETCHES_MAX 256      // HTTP requests under way: one for every site
#define OH_FETCH_URL_MAX 2048   // bytes; longer ones are nobody's honest key set
