// containers.c — slab, map, heap and outbox against simple models.
#include "base/heap.h"
#include "base/map.h"
#include "base/outbox.h"
#include "base/slab.h"
#include "tests/unit/test.h"

static void slab_forgets_the_dead(void **state) {
  (void)state;
  struct oh_slab s;
  oh_slab_init(&s, 24, 3);
  oh_id a, b, c, d;
  char *pa = oh_slab_add(&s, &a);
  assert_non_null(pa);
  memset(pa, 7, 24);
  assert_non_null(oh_slab_add(&s, &b));
  assert_non_null(oh_slab_add(&s, &c));
  assert_null(oh_slab_add(&s, &d)); // full
  oh_slab_remove(&s, a);
  assert_null(oh_slab_find(&s, a));
  assert_null(oh_slab_find(&s, 0));
  char *pd = oh_slab_add(&s, &d);
  assert_ptr_equal(pd, pa); // same place, other generation
  assert_int_not_equal(d, a);
  assert_null(oh_slab_find(&s, a));
  for (int i = 0; i < 24; i++)
    assert_int_equal(pd[i], 0);
  int living = 0;
  for (oh_id id = 0; (id = oh_slab_next(&s, id)) != 0;)
    living++;
  assert_int_equal(living, 3);
  oh_slab_fini(&s);
}

static void siphash_vector(void **state) {
  (void)state;
  uint8_t key[16], data[15];
  for (uint8_t i = 0; i < 16; i++)
    key[i] = i;
  for (uint8_t i = 0; i < 15; i++)
    data[i] = i;
  assert_true(oh_siphash(key, data, 15) == 0xa129ca6149be45e5u); // the paper's appendix A
}

static void map_equals_model(void **state) {
  (void)state;
  enum { KEYS = 300 };
  uint64_t seed = 42, model[KEYS] = {0};
  uint8_t secret[16] = {1};
  struct oh_map m;
  oh_map_init(&m, secret);
  for (int step = 0; step < 20000; step++) {
    uint64_t r = test_next(&seed);
    uint32_t k = (uint32_t)(r % KEYS);
    char key[64];
    size_t len = (size_t)(k % 2 ? snprintf(key, sizeof key, "%u", k)
                                : snprintf(key, sizeof key, "a key that does not fit inside %u", k));
    if (r >> 32 & 1) {
      oh_map_put(&m, key, len, model[k] = r | 1);
    } else {
      assert_int_equal(oh_map_remove(&m, key, len), model[k] != 0);
      model[k] = 0;
    }
  }
  uint32_t living = 0, seen = 0, cursor = 0;
  for (uint32_t k = 0; k < KEYS; k++) {
    char key[64];
    size_t len = (size_t)(k % 2 ? snprintf(key, sizeof key, "%u", k)
                                : snprintf(key, sizeof key, "a key that does not fit inside %u", k));
    uint64_t value = 0;
    assert_int_equal(oh_map_get(&m, key, len, &value), model[k] != 0);
    assert_true(value == model[k]);
    living += model[k] != 0;
  }
  const void *key;
  size_t len;
  uint64_t value;
  while (oh_map_next(&m, &cursor, &key, &len, &value))
    seen++;
  assert_int_equal(seen, living);
  assert_int_equal(m.used, living);
  oh_map_fini(&m);
}

static void heap_orders_deadlines(void **state) {
  (void)state;
  enum { N = 200 };
  uint64_t seed = 7;
  uint32_t places[N] = {0};
  int64_t model[N];
  struct oh_heap h = {0};
  for (int i = 0; i < N; i++)
    model[i] = OH_NEVER;
  for (int step = 0; step < 5000; step++) {
    uint32_t i = (uint32_t)(test_next(&seed) % N);
    model[i] = test_next(&seed) % 4 ? (int64_t)(test_next(&seed) % 1000) : OH_NEVER;
    oh_heap_set(&h, &places[i], i, model[i]);
    int64_t first = OH_NEVER;
    for (int k = 0; k < N; k++)
      if (model[k] < first) first = model[k];
    assert_true(oh_heap_first(&h) == first);
  }
  int64_t last = -1;
  uint64_t id;
  assert_false(oh_heap_pop(&h, -1, &id));
  while (oh_heap_pop(&h, 1000, &id)) {
    assert_true(model[id] >= last);
    last = model[id];
    assert_int_equal(places[id], 0);
  }
  assert_int_equal(h.len, 0);
  oh_heap_fini(&h);
}

static void count_flushed(void *ctx, struct oh_outbox *o) {
  *(uint32_t *)ctx += o->used;
}

static void outbox_flushes_when_full(void **state) {
  (void)state;
  uint32_t flushed = 0;
  struct oh_outbox o;
  oh_outbox_init(&o, count_flushed, &flushed);
  struct oh_addr to = {.family = OH_ADDR_V4, .port = 1};
  for (int i = 0; i < OH_OUTBOX_SLOTS + 1; i++) {
    oh_outbox_reserve(&o)[0] = 1;
    oh_outbox_commit(&o, &to, 1);
  }
  assert_int_equal(flushed, OH_OUTBOX_SLOTS);
  oh_outbox_flush(&o);
  assert_int_equal(flushed, OH_OUTBOX_SLOTS + 1);
  oh_outbox_fini(&o);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(slab_forgets_the_dead),    cmocka_unit_test(siphash_vector),
      cmocka_unit_test(map_equals_model),         cmocka_unit_test(heap_orders_deadlines),
      cmocka_unit_test(outbox_flushes_when_full),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
