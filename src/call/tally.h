// tally.h — how often each event of call/event.h came, for Prometheus: counters by the choices the table
// names as labels, histograms of numbers. The set of series is fixed by the table, whatever pages send. One
// for all workers: everything in it is an atomic, nobody waits for anybody.
#pragma once
#include "call/event.h"

struct oh_tally;

struct oh_tally *oh_tally_open(void);
void oh_tally_close(struct oh_tally *tally); // NULL is fine
void oh_tally_add(struct oh_tally *tally, const struct oh_event *event, struct oh_event_client client);
// Prometheus text, each name with "offhook_" in front. Series that are still 0 are left out.
void oh_tally_write(const struct oh_tally *tally, struct oh_text *out);
