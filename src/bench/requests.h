// requests.h — calls of the server API by keep-alive connections, beside the cheapest request there is (GET
// /healthz on the same connections): what routing, the token, JSON and the room's worker cost.
#pragma once
#include "bench/stage.h"

bool oh_bench_requests(struct oh_bench *b); // false: it did not work
