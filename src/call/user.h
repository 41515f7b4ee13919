// user.h — who a visitor is by a sign-in that was verified (call/signin.h makes them). What it says is fact,
// in contrast to what a page claims (wish.h): in the token its attributes stand under `user.`, those of a
// page under `page.`.
#pragma once
#include <stddef.h>

struct oh_user {          // malloc'd strings, UTF-8
  char *subject;          // who it is for the identity provider; never NULL for a user that signed in
  char *name;             // for display; may be NULL
  char **attributes;      // key, value, key, value …, keys without "user."
  size_t attribute_count; // pairs
};
