// routes.h — `offhook help routes`: every address this server answers, from the tables that it answers by.
#pragma once
#include <stdio.h>

// A line each: method, path, who may ask. Paths of the admin door begin with "admin.port/".
void oh_routes_print(FILE *out);
