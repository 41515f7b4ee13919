// metrics.h — /metrics in Prometheus' text format, on an HTTP door of its own on the main thread. Not
// protected: it listens on loopback unless told otherwise.
#pragma once
#include "app/config.h"
#include "app/worker.h"
#include "base/world.h"
#include <stdint.h>

struct uv_loop_s;
struct oh_metrics;

// `world` is the main thread's. NULL: `error` says why. *bound_port is the real one.
struct oh_metrics *oh_metrics_open(struct uv_loop_s *loop, struct oh_world *world, const struct oh_crew *crew,
                                   const struct oh_config *config, uint16_t *bound_port,
                                   char error[OH_CONFIG_ERROR_MAX]);
void oh_metrics_close(struct oh_metrics *metrics); // freed once the loop has run; NULL is fine
// The text itself, added to `out`.
void oh_metrics_write(const struct oh_crew *crew, const struct oh_world *world, int64_t now_us,
                      int64_t started_us, struct oh_text *out);
// Walks its addresses: start with *cursor = 0; false at the end. All are asked with GET.
bool oh_metrics_next_route(size_t *cursor, const char **path);
