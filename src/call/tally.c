// tally.c — see tally.h
#include "call/tally.h"
#include "base/check.h"
#include <stdatomic.h>
#include <stdlib.h>

#define BOUNDS_MAX 16
#define CLIENTS_MAX 128 // browsers × systems × devices

struct histogram {
  _Atomic uint64_t counts[BOUNDS_MAX + 1]; // not cumulative; the last is beyond all bounds
  _Atomic uint64_t sum_millionths;
};
struct row { // one kind of event
  size_t cell_count;
  _Atomic uint64_t *cells; // by its labels, row-major; the last value of each label is "absent"
  struct histogram histograms[OH_EVENT_FIELDS_MAX];
};
struct oh_tally {
  struct row *rows;
  _Atomic uint64_t clients[CLIENTS_MAX];
};

static size_t count_choices(const char *const *choices) {
  size_t count = 0;
  while (choices[count])
    count++;
  return count;
}

struct oh_tally *oh_tally_open(void) {
  struct oh_tally *tally = calloc(1, sizeof *tally);
  OH_CHECK(tally);
  tally->rows = calloc(oh_event_kind_count, sizeof *tally->rows);
  OH_CHECK(tally->rows);
  OH_CHECK(count_choices(oh_event_browsers) * count_choices(oh_event_systems) *
               count_choices(oh_event_devices) <=
           CLIENTS_MAX);
  for (size_t k = 0; k < oh_event_kind_count; k++) {
    struct row *row = &tally->rows[k];
    row->cell_count = 1;
    for (const struct oh_event_field *field = oh_event_kinds[k].fields; field->name; field++)
      if (field->label) row->cell_count *= count_choices(field->choices) + 1;
    row->cells = calloc(row->cell_count, sizeof *row->cells);
    OH_CHECK(row->cells);
  }
  return tally;
}

void oh_tally_close(struct oh_tally *tally) {
  if (!tally) return;
  for (size_t k = 0; k < oh_event_kind_count; k++)
    free(tally->rows[k].cells);
  free(tally->rows);
  free(tally);
}

static void add(_Atomic uint64_t *counter, uint64_t n) {
  atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

static void observe(struct histogram *histogram, const struct oh_event_field *field, double value) {
  size_t bucket = 0;
  while (field->bounds[bucket] > 0 && value > field->bounds[bucket])
    bucket++;
  add(&histogram->counts[bucket], 1);
  add(&histogram->sum_millionths, (uint64_t)(value * 1e6 + .5));
}

static size_t index_of(const char *const *choices, const char *choice) {
  size_t i = 0;
  while (choices[i] && strcmp(choices[i], choice) != 0)
    i++;
  return i;
}

static void add_client(struct oh_tally *tally, struct oh_event_client client) {
  size_t at = index_of(oh_event_browsers, client.browser);
  at = at * count_choices(oh_event_systems) + index_of(oh_event_systems, client.os);
  at = at * count_choices(oh_event_devices) + index_of(oh_event_devices, client.device);
  add(&tally->clients[at], 1);
}

void oh_tally_add(struct oh_tally *tally, const struct oh_event *event, struct oh_event_client client) {
  struct row *row = &tally->rows[event->kind - oh_event_kinds];
  size_t cell = 0;
  for (size_t i = 0; event->kind->fields[i].name; i++) {
    const struct oh_event_field *field = &event->kind->fields[i];
    if (field->label) {
      size_t count = count_choices(field->choices);
      cell = cell * (count + 1) + (event->has[i] ? event->choice[i] : count);
    }
    if (field->metric && event->has[i]) observe(&row->histograms[i], field, event->number[i] * field->scale);
  }
  add(&row->cells[cell], 1);
  if (strcmp(event->kind->name, "start") == 0) add_client(tally, client);
}

// ---- writing

static uint64_t value_of(const _Atomic uint64_t *counter) {
  return atomic_load_explicit(counter, memory_order_relaxed);
}

// {a="x",b="y"} of a cell, its labels from the last to the first; those that are absent are left out.
static void add_labels(const struct oh_event_kind *kind, size_t cell, struct oh_text *out) {
  const char *values[OH_EVENT_FIELDS_MAX] = {0};
  size_t last = 0;
  while (kind->fields[last].name)
    last++;
  for (size_t i = last; i-- > 0;) {
    if (!kind->fields[i].label) continue;
    size_t count = count_choices(kind->fields[i].choices) + 1;
    values[i] = kind->fields[i].choices[cell % count]; // NULL for the last: absent
    cell /= count;
  }
  const char *before = "{";
  for (size_t i = 0; i < last; i++) {
    if (!values[i]) continue;
    oh_text_addf(out, "%s%s=\"%s\"", before, kind->fields[i].name, values[i]);
    before = ",";
  }
  if (*before == ',') oh_text_addc(out, '}');
}

static void write_counter(const struct oh_event_kind *kind, const struct row *row, struct oh_text *out) {
  oh_text_addf(out, "# HELP offhook_%s_total %s, as their browsers report\n# TYPE offhook_%s_total counter\n",
               kind->metric, kind->help, kind->metric);
  for (size_t cell = 0; cell < row->cell_count; cell++) {
    uint64_t count = value_of(&row->cells[cell]);
    if (!count) continue;
    oh_text_addf(out, "offhook_%s_total", kind->metric);
    add_labels(kind, cell, out);
    oh_text_addf(out, " %llu\n", (unsigned long long)count);
  }
}

static void write_histogram(const struct oh_event_field *field, bool is_first,
                            const struct histogram *histogram, struct oh_text *out) {
  if (is_first)
    oh_text_addf(out, "# HELP offhook_%s %s, as browsers report\n# TYPE offhook_%s histogram\n",
                 field->metric, field->help, field->metric);
  char phase[64] = "";
  if (field->phase) snprintf(phase, sizeof phase, "phase=\"%s\"", field->phase);
  const char *comma = *phase ? "," : "";
  uint64_t sum = 0;
  for (size_t i = 0;; i++) {
    sum += value_of(&histogram->counts[i]);
    if (field->bounds[i] <= 0) break;
    oh_text_addf(out, "offhook_%s_bucket{%s%sle=\"%g\"} %llu\n", field->metric, phase, comma,
                 field->bounds[i], (unsigned long long)sum);
  }
  oh_text_addf(out, "offhook_%s_bucket{%s%sle=\"+Inf\"} %llu\n", field->metric, phase, comma,
               (unsigned long long)sum);
  const char *open = *phase ? "{" : "", *close = *phase ? "}" : "";
  oh_text_addf(out, "offhook_%s_sum%s%s%s %.9g\n", field->metric, open, phase, close,
               (double)value_of(&histogram->sum_millionths) / 1e6);
  oh_text_addf(out, "offhook_%s_count%s%s%s %llu\n", field->metric, open, phase, close,
               (unsigned long long)sum);
}

static void write_clients(const struct oh_tally *tally, struct oh_text *out) {
  oh_text_adds(out, "# HELP offhook_client_total browsers that calls were begun with\n"
                    "# TYPE offhook_client_total counter\n");
  size_t at = 0;
  for (size_t b = 0; oh_event_browsers[b]; b++)
    for (size_t s = 0; oh_event_systems[s]; s++)
      for (size_t d = 0; oh_event_devices[d]; d++, at++) {
        uint64_t count = value_of(&tally->clients[at]);
        if (count)
          oh_text_addf(out, "offhook_client_total{browser=\"%s\",os=\"%s\",device=\"%s\"} %llu\n",
                       oh_event_browsers[b], oh_event_systems[s], oh_event_devices[d],
                       (unsigned long long)count);
      }
}

void oh_tally_write(const struct oh_tally *tally, struct oh_text *out) {
  for (size_t k = 0; k < oh_event_kind_count; k++) {
    const struct oh_event_kind *kind = &oh_event_kinds[k];
    write_counter(kind, &tally->rows[k], out);
    const char *before = "";
    for (size_t i = 0; kind->fields[i].name; i++) {
      const struct oh_event_field *field = &kind->fields[i];
      if (!field->metric) continue;
      write_histogram(field, strcmp(before, field->metric) != 0, &tally->rows[k].histograms[i], out);
      before = field->metric;
    }
  }
  write_clients(tally, out);
}
