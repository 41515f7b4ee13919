// gate.c — how much of a site may be used, in virtual time: puzzles under attack, budgets over the days and
// with clocks set back, calls at a time that nobody has to release.
#include "call/gate.h"
#include "base/limits.h"
#include "tests/unit/test.h"

#define S 1000000LL
#define DAY (86400 * S)
#define NOON (20000 * DAY + DAY / 2)

static const uint8_t secret[16] = "fedcba9876543210";
static struct oh_site shop = {.id = (char *)(uintptr_t) "shop"}, club = {.id = (char *)(uintptr_t) "club"};
static const struct oh_addr ann = {.family = OH_ADDR_V4, .ip = {192, 0, 2, 1}},
                            bob = {.family = OH_ADDR_V4, .ip = {192, 0, 2, 2}};
static struct oh_gate *gate;
static uint32_t retry_s;

static int open_gate(void **state) {
  (void)state;
  gate = oh_gate_open(secret);
  shop = (struct oh_site){.id = shop.id};
  return 0;
}

static int close_gate(void **state) {
  (void)state;
  oh_gate_close(gate);
  return 0;
}

static enum oh_problem begin(int64_t now_us, int64_t unix_us, const struct oh_addr *from, int room) {
  char name[32];
  snprintf(name, sizeof name, "call-%d", room);
  return oh_gate_begin(gate, now_us, unix_us, &shop, from, oh_str(name), &retry_s);
}

static void saw(int64_t now_us, int room, bool occupied) {
  char name[32];
  snprintf(name, sizeof name, "call-%d", room);
  oh_gate_saw(gate, now_us, occupied ? &shop : NULL, oh_str(name), occupied);
}

// ---- under attack

static void n27_puzzles_come_with_the_attack_and_go_with_it(void **state) {
  (void)state;
  shop.attack_threshold = 100;
  int64_t now_us = 7 * S;
  for (int i = 0; i < 100; i++)
    assert_int_equal(oh_gate_press(gate, now_us, &shop), 0);
  assert_int_equal(oh_gate_press(gate, now_us, &shop), 16);
  assert_int_equal(oh_gate_press(gate, now_us, &club), 0); // each site by itself
  for (int i = 0; i < 98; i++)
    assert_int_equal(oh_gate_press(gate, now_us, &shop), 16);
  assert_int_equal(oh_gate_press(gate, now_us, &shop), 17); // twice as many
  for (int i = 0; i < 20000; i++)
    oh_gate_press(gate, now_us, &shop);
  assert_int_equal(oh_gate_press(gate, now_us, &shop), 22); // never more
  // The next minute still remembers, the one after it does not.
  assert_true(oh_gate_press(gate, now_us + 70 * S, &shop) >= 16);
  assert_int_equal(oh_gate_press(gate, now_us + 190 * S, &shop), 0);
}

static void requests_are_counted_over_any_sixty_seconds(void **state) {
  (void)state;
  shop.attack_threshold = 61; // the estimate of a sliding minute may be one too many
  // One a second is 60 a minute and never an attack; two a second are one, after half a minute.
  for (int64_t t = 0; t < 600; t++)
    assert_int_equal(oh_gate_press(gate, t * S, &shop), 0);
  int calm = 0;
  for (int64_t t = 0; t < 480; t++)
    calm += oh_gate_press(gate, 1000 * S + t * S / 2, &shop) == 0;
  assert_in_range(calm, 55, 80); // depends on where in its own minute the attack begins
}

static void zero_is_never_an_attack_and_tickets_can_be_required(void **state) {
  (void)state;
  for (int i = 0; i < 10000; i++)
    assert_int_equal(oh_gate_press(gate, S, &shop), 0);
  shop.require_ticket = true;
  assert_int_equal(oh_gate_press(gate, S, &shop), OH_PROOF_BITS_CALM);
}

static void a_puzzle_is_spent_once(void **state) {
  (void)state;
  assert_true(oh_gate_spend(gate, S, 1));
  assert_false(oh_gate_spend(gate, S, 1));
  assert_false(oh_gate_spend(gate, (OH_PROOF_S)*S, 1));
  assert_true(oh_gate_spend(gate, S, 2));
  // When its ticket has expired, nothing needs to be remembered.
  assert_true(oh_gate_spend(gate, (OH_PROOF_S + 1) * S, 1));
  assert_false(oh_gate_spend(gate, (OH_PROOF_S + 1) * S, 1));
}

static void the_memory_of_spent_puzzles_is_bounded(void **state) {
  (void)state;
  for (uint64_t i = 0; i < OH_PROOFS_SPENT_MAX; i++)
    assert_true(oh_gate_spend(gate, S, 100 + i));
  assert_false(oh_gate_spend(gate, S, 99)); // never forgets a spent one to make room
  assert_false(oh_gate_spend(gate, S, 100));
  assert_true(oh_gate_spend(gate, (OH_PROOF_S + 2) * S, 99));
}

// ---- budgets of the day

static void p39_a_site_has_so_many_calls_a_day(void **state) {
  (void)state;
  shop.daily_budget = 3;
  for (int i = 0; i < 3; i++)
    assert_int_equal(begin(S, NOON, i % 2 ? &ann : &bob, i), OH_PROBLEM_NONE);
  assert_int_equal(begin(S, NOON, &ann, 9), OH_PROBLEM_BUDGET_EXCEEDED);
  assert_int_equal(retry_s, 12 * 3600); // until midnight
  assert_int_equal(begin(S, NOON + DAY / 2 - 1, &ann, 9), OH_PROBLEM_BUDGET_EXCEEDED);
  assert_int_equal(retry_s, 1);
  assert_int_equal(begin(S, NOON + DAY / 2, &ann, 9), OH_PROBLEM_NONE); // 00:00 UTC
  for (int i = 10; i < 12; i++)
    assert_int_equal(begin(S, NOON + DAY / 2, &ann, i), OH_PROBLEM_NONE);
  assert_int_equal(begin(S, NOON + DAY / 2, &ann, 12), OH_PROBLEM_BUDGET_EXCEEDED);
}

static void a_clock_set_back_gives_nothing_and_locks_nobody_out(void **state) {
  (void)state;
  shop.daily_budget = 2;
  int64_t midnight = NOON + DAY / 2;
  assert_int_equal(begin(S, midnight + S, &ann, 1), OH_PROBLEM_NONE);
  // back and forth over midnight
  assert_int_equal(begin(S, midnight - S, &ann, 2), OH_PROBLEM_NONE);
  assert_int_equal(begin(S, midnight + S, &ann, 3), OH_PROBLEM_BUDGET_EXCEEDED);
  assert_int_equal(begin(S, midnight - S, &ann, 3), OH_PROBLEM_BUDGET_EXCEEDED);
  // years back: today's count comes along, and the next day is a new one
  int64_t past = midnight - 1000 * DAY;
  assert_int_equal(begin(S, past, &ann, 3), OH_PROBLEM_BUDGET_EXCEEDED);
  assert_int_equal(begin(S, past + DAY, &ann, 3), OH_PROBLEM_NONE);
}

static void p39_an_address_has_so_many_calls_a_day(void **state) {
  (void)state;
  shop.per_address_daily = 24;
  for (int i = 0; i < 24; i++)
    assert_int_equal(begin(S, NOON, &ann, i), OH_PROBLEM_NONE);
  assert_int_equal(begin(S, NOON, &ann, 99), OH_PROBLEM_BUDGET_EXCEEDED);
  assert_int_equal(retry_s, 3600);
  assert_int_equal(begin(S, NOON, &bob, 100), OH_PROBLEM_NONE);
  // It refills evenly and by the steady clock: setting the other one does not matter.
  assert_int_equal(begin(S + 3599 * S, NOON + 900 * DAY, &ann, 99), OH_PROBLEM_BUDGET_EXCEEDED);
  assert_int_equal(begin(S + 3600 * S, NOON - 900 * DAY, &ann, 99), OH_PROBLEM_NONE);
  shop.id = club.id; // another site has its own
  assert_int_equal(begin(S + 3600 * S, NOON, &ann, 101), OH_PROBLEM_NONE);
  shop.id = (char *)(uintptr_t) "shop";
}

static void a_refused_call_takes_no_place(void **state) {
  (void)state;
  shop.daily_budget = 1;
  shop.concurrent_calls = 2;
  assert_int_equal(begin(S, NOON, &ann, 1), OH_PROBLEM_NONE);
  for (int i = 2; i < 20; i++)
    assert_int_equal(begin(S, NOON, &ann, i), OH_PROBLEM_BUDGET_EXCEEDED);
  assert_int_equal(oh_gate_calls(gate, S, &shop), 1);
  // and one that found no place costs no budget
  shop.daily_budget = 3;
  assert_int_equal(begin(S, NOON, &ann, 30), OH_PROBLEM_NONE);
  assert_int_equal(begin(S, NOON, &ann, 31), OH_PROBLEM_CAPACITY);
  assert_int_equal(begin(S, NOON, &ann, 31), OH_PROBLEM_CAPACITY);
  assert_int_equal(begin(40 * S, NOON, &ann, 31), OH_PROBLEM_NONE);
}

// ---- calls at a time

static void n27_a_site_has_so_many_calls_at_a_time(void **state) {
  (void)state;
  shop.concurrent_calls = 2;
  assert_int_equal(begin(S, NOON, &ann, 1), OH_PROBLEM_NONE);
  assert_int_equal(begin(S, NOON, &ann, 2), OH_PROBLEM_NONE);
  assert_int_equal(begin(S, NOON, &ann, 3), OH_PROBLEM_CAPACITY);
  assert_true(retry_s > 0);
  // They join and talk for an hour; the workers say so every second.
  for (int64_t t = 2; t < 3600; t++) {
    saw(t * S, 1, true);
    saw(t * S, 2, true);
  }
  assert_int_equal(begin(3600 * S, NOON, &ann, 3), OH_PROBLEM_CAPACITY);
  assert_int_equal(oh_gate_calls(gate, 3600 * S, &shop), 2);
  // One ends: its place is free within seconds, without anybody having released it.
  for (int64_t t = 3600; t < 3606; t++)
    saw(t * S, 2, true);
  assert_int_equal(begin(3606 * S, NOON, &ann, 3), OH_PROBLEM_NONE);
  assert_int_equal(begin(3606 * S, NOON, &ann, 4), OH_PROBLEM_CAPACITY);
}

static void who_never_came_holds_a_place_for_half_a_minute(void **state) {
  (void)state;
  shop.concurrent_calls = 1;
  assert_int_equal(begin(S, NOON, &ann, 1), OH_PROBLEM_NONE);
  assert_int_equal(begin(30 * S, NOON, &ann, 2), OH_PROBLEM_CAPACITY);
  assert_int_equal(begin(31 * S, NOON, &ann, 2), OH_PROBLEM_NONE);
  // And if he does come then, there is no place any more.
  assert_false(oh_gate_join(gate, 32 * S, &shop, OH_STR("call-1")));
  assert_true(oh_gate_join(gate, 32 * S, &shop, OH_STR("call-2")));
}

static void who_hangs_up_at_once_frees_the_place_soon(void **state) {
  (void)state;
  shop.concurrent_calls = 1;
  assert_int_equal(begin(S, NOON, &ann, 1), OH_PROBLEM_NONE);
  assert_true(oh_gate_join(gate, 2 * S, &shop, OH_STR("call-1"))); // came, and left before anybody looked
  for (int64_t t = 3; t < 7; t++) {
    saw(t * S, 1, false);
    assert_int_equal(begin(t * S, NOON, &ann, 2), OH_PROBLEM_CAPACITY);
  }
  assert_int_equal(begin(7 * S, NOON, &ann, 2), OH_PROBLEM_NONE); // not the 30 s of the token
}

static void one_may_come_back_as_long_as_the_room_is_there(void **state) {
  (void)state;
  shop.concurrent_calls = 1;
  assert_int_equal(begin(S, NOON, &ann, 1), OH_PROBLEM_NONE);
  assert_true(oh_gate_is_alive(gate, 20 * S, OH_STR("call-1"))); // reloaded while it was connecting
  saw(21 * S, 1, true);
  for (int64_t t = 22; t < 40; t++)
    saw(t * S, 1, false); // empty: the departure timeout runs
  assert_int_equal(begin(40 * S, NOON, &ann, 2), OH_PROBLEM_NONE);
  assert_true(oh_gate_is_alive(gate, 41 * S, OH_STR("call-1")));
  assert_true(oh_gate_join(gate, 41 * S, &shop, OH_STR("call-1"))); // even though there is one more now
  assert_false(oh_gate_is_alive(gate, 46 * S, OH_STR("call-1")));
  assert_false(oh_gate_is_alive(gate, S, OH_STR("call-77")));
}

static void a_place_is_free_at_once_when_the_room_is_known_to_be_gone(void **state) {
  (void)state;
  shop.concurrent_calls = 1;
  for (int i = 0; i < 3; i++) {
    assert_int_equal(begin(S, NOON, &ann, i), OH_PROBLEM_NONE);
    assert_int_equal(begin(S, NOON, &ann, 100 + i), OH_PROBLEM_CAPACITY);
    if (i) saw(S, i, true);
    char name[32];
    snprintf(name, sizeof name, "call-%d", i);
    oh_gate_over(gate, oh_str(name));
    oh_gate_over(gate, oh_str(name));
    assert_false(oh_gate_is_alive(gate, S, oh_str(name)));
  }
  assert_int_equal(oh_gate_calls(gate, S, &shop), 0);
}

static void nothing_leaks_over_many_calls(void **state) {
  (void)state;
  shop.concurrent_calls = 50;
  uint64_t seed = 5;
  int64_t now_us = S;
  int begun = 0;
  for (int i = 0; i < 200000; i++) {
    struct oh_random random = test_random(&seed);
    uint32_t chance = oh_random_u32(&random);
    now_us += chance % (2 * S);
    if (begin(now_us, NOON, &ann, i) == OH_PROBLEM_NONE) begun++;
    if (chance & 1) saw(now_us, i, true);
  }
  assert_true(begun > 50000);
  assert_true(oh_gate_calls(gate, now_us, &shop) <= 50);
  assert_int_equal(oh_gate_calls(gate, now_us + 31 * S, &shop), 0);
  assert_false(oh_gate_is_alive(gate, now_us + 31 * S, OH_STR("call-199999")));
}

static void sites_of_old_configurations_give_way(void **state) {
  (void)state;
  char id[64];
  struct oh_site site = {.id = id, .daily_budget = 1};
  for (int i = 0; i < 3 * OH_USAGES_MAX; i++) {
    snprintf(id, sizeof id, "site-%d", i);
    char room[64];
    snprintf(room, sizeof room, "room-%d", i);
    assert_int_equal(oh_gate_begin(gate, i * S, NOON, &site, &ann, oh_str(room), &retry_s), OH_PROBLEM_NONE);
  }
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_gate, close_gate)
  const struct CMUnitTest tests[] = {TEST(n27_puzzles_come_with_the_attack_and_go_with_it),
                                     TEST(requests_are_counted_over_any_sixty_seconds),
                                     TEST(zero_is_never_an_attack_and_tickets_can_be_required),
                                     TEST(a_puzzle_is_spent_once),
                                     TEST(the_memory_of_spent_puzzles_is_bounded),
                                     TEST(p39_a_site_has_so_many_calls_a_day),
                                     TEST(a_clock_set_back_gives_nothing_and_locks_nobody_out),
                                     TEST(p39_an_address_has_so_many_calls_a_day),
                                     TEST(a_refused_call_takes_no_place),
                                     TEST(n27_a_site_has_so_many_calls_at_a_time),
                                     TEST(who_never_came_holds_a_place_for_half_a_minute),
                                     TEST(who_hangs_up_at_once_frees_the_place_soon),
                                     TEST(one_may_come_back_as_long_as_the_room_is_there),
                                     TEST(a_place_is_free_at_once_when_the_room_is_known_to_be_gone),
                                     TEST(nothing_leaks_over_many_calls),
                                     TEST(sites_of_old_configurations_give_way)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
