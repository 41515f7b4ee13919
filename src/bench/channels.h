// channels.h — data messages through a room: how many a core forwards and how long they take, on `_reliable`
// and on
// `_lossy`, beside the bare loop (bare.h), which forwards datagrams of the same size and knows no SCTP.
#pragma once
#include "bench/stage.h"

bool oh_bench_channels(struct oh_bench *b); // false: it did not work
