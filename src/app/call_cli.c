// call_cli.c — see call_cli.h
#include "app/call_cli.h"
#include "app/config.h"
#include "app/phone.h"
#include "app/recordings.h"
#include "base/check.h"
#include "base/heap.h"
#include "base/limits.h"
#include "call/echo.h"
#include "io/clock.h"
#include "io/entropy.h"
#include "io/file.h"
#include "io/tls.h"
#include "record/playback.h"
#include "rtc/identity.h"
#include "wire/opus.h"
#include <errno.h>
#include <signal.h>
#include <unistd.h>
#include <uv.h>

enum {
  FILE_MAX = 512 * 1024 * 1024, // a day of Opus
  LEVEL = 30,                   // -dBov told for packets with sound: nothing is decoded, so it is a guess
  TRIES = 3,                    // to get in at all
  TAIL_US = 300 * 1000,         // after the last packet, for what is on its way
  GOODBYE_US = 1000 * 1000,     // for the server to take note
};

struct call_wish {
  const char *room, *url, *token, *identity, *name, *play, *record, *record_dir, *ca, *seconds, *config;
  bool two_peer_connections, tcp, quiet, echo;
};

struct call {
  struct call_wish wish;
  uv_loop_t loop;
  uv_timer_t timer;
  uv_signal_t interrupt, terminate;
  struct oh_world world;
  struct oh_phone *phone;
  struct oh_playback *playback; // NULL: nothing to play (any more)
  struct oh_recordings recordings;
  int64_t begun_us, next_us, end_us,
      gone_us; // next_us: when the next packet is due; gone_us: left, tidying up
  int64_t connected_us;
  bool published;
  unsigned tries;       // that failed before the first connection
  struct oh_bytes opus; // the packet that is due
  uint32_t samples;
  char heard[OH_RECORDINGS_MAX][64]; // sids announced as heard
  size_t heard_count;
  int status;
};

__attribute__((format(printf, 2, 3))) static void say(struct call *c, const char *format, ...) {
  if (c->wish.quiet) return;
  va_list args;
  va_start(args, format);
  vprintf(format, args);
  va_end(args);
  putchar('\n');
  fflush(stdout); // people pipe this
}

static const char *why_left(int reason) {
  static const char *const reasons[] = {"for an unknown reason",
                                        "as we wished",
                                        "because somebody else joined with this identity",
                                        "because the server shuts down",
                                        "because we were removed from the room",
                                        "because the room was deleted",
                                        "because our state did not match the server's",
                                        "because joining failed",
                                        "because the room moves to another server",
                                        "because signalling was closed",
                                        "because the room was closed",
                                        "because nobody was available",
                                        "because the call was rejected",
                                        "because of the telephone line",
                                        "because the connection timed out",
                                        "because the media failed",
                                        "because the agent failed"};
  return reason >= 0 && (size_t)reason < sizeof reasons / sizeof reasons[0] ? reasons[reason] : reasons[0];
}

static void set_timer(struct call *c);

static void leave(struct call *c) {
  if (c->gone_us == OH_NEVER) oh_phone_leave(c->phone);
}

static void hear(struct call *c, int64_t now_us, const struct oh_caller_event *event) {
  const char *name = oh_caller_name(oh_phone_caller(c->phone), event->participant);
  bool known = false;
  for (size_t i = 0; i < c->heard_count && !known; i++)
    known = strcmp(c->heard[i], event->participant) == 0;
  if (!known && c->heard_count < OH_RECORDINGS_MAX) {
    snprintf(c->heard[c->heard_count++], sizeof c->heard[0], "%s", event->participant);
    // control characters of a stranger's name are not for our terminal
    char clean[OH_NAME_MAX + 1];
    size_t n = 0;
    for (const char *at = *name ? name : event->participant; *at && n < OH_NAME_MAX; at++)
      clean[n++] = (unsigned char)*at < ' ' || *at == 0x7f ? '?' : *at;
    clean[n] = 0;
    say(c, "hears %s", clean);
  }
  oh_recordings_recv(&c->recordings, now_us, event->participant, name, &event->rtp, event->opus);
}

static void start_clock(struct call *c, int64_t now_us) {
  if (c->end_us == OH_NEVER && c->wish.seconds) c->end_us = now_us + (int64_t)(atof(c->wish.seconds) * 1e6);
}

static void on_event(void *ctx, int64_t now_us, const struct oh_caller_event *event) {
  struct call *c = ctx;
  struct oh_str text = oh_str(event->text ? event->text : "");
  switch (event->type) {
  case OH_CALLER_JOINED:
    say(c, "joined %s as %s after %lld ms, %u other%s there", c->wish.room,
        oh_caller_sid(oh_phone_caller(c->phone)), (long long)(now_us - c->begun_us) / 1000,
        oh_caller_others(oh_phone_caller(c->phone)),
        oh_caller_others(oh_phone_caller(c->phone)) == 1 ? "" : "s");
    break;
  case OH_CALLER_CONNECTED:
    say(c, "connected in %lld ms over %s", (long long)(now_us - c->begun_us) / 1000,
        c->wish.tcp ? "TCP" : "UDP");
    c->connected_us = now_us;
    c->status = 0;
    if (!c->playback) start_clock(c, now_us);
    break;
  case OH_CALLER_PUBLISHED: c->published = true; break;
  case OH_CALLER_AUDIO: hear(c, now_us, event); break;
  case OH_CALLER_RECONNECTING:
    if (c->connected_us)
      say(c, "lost the connection, trying again");
    else if (++c->tries == TRIES)
      leave(c);
    break;
  case OH_CALLER_RESUMED: say(c, "resumed"); break;
  case OH_CALLER_LEFT:
    if (event->reason < 0 || c->tries >= TRIES) {
      fprintf(stderr, "offhook: %s: %.*s\n", c->connected_us ? "the call was lost" : "no connection",
              OH_STR_ARG(text));
      c->status = 1;
    } else {
      say(c, "left %s", why_left(event->reason));
    }
    c->gone_us = now_us;
    break;
  default: break;
  }
  set_timer(c);
}

static void on_trouble(void *ctx, int status, struct oh_str text) {
  struct call *c = ctx;
  if (status)
    fprintf(stderr, "offhook: the server answered %d: %.*s\n", status, OH_STR_ARG(text));
  else if (!c->wish.quiet)
    fprintf(stderr, "offhook: %.*s\n", OH_STR_ARG(text));
}

// Sends what is due. The schedule is absolute: a late wake-up is caught up with, never added up.
static void play(struct call *c, int64_t now_us) {
  if (!c->playback || !c->published || !c->connected_us) return;
  if (c->next_us == OH_NEVER) {
    c->next_us = now_us;
    start_clock(c, now_us);
    say(c, "plays %s", c->wish.play);
  }
  while (c->playback && c->next_us <= now_us) {
    oh_phone_send(c->phone, now_us, c->opus, c->samples, c->opus.len > 2 ? LEVEL : 127);
    c->next_us += (int64_t)c->samples * 1000000 / OH_OPUS_RATE;
    if (oh_playback_next(c->playback, &c->opus, &c->samples)) continue;
    free(c->playback);
    c->playback = NULL;
    say(c, "has played all of it");
    if (c->end_us == OH_NEVER) c->end_us = c->next_us + TAIL_US;
  }
}

static void on_timer(uv_timer_t *timer) {
  struct call *c = timer->data;
  int64_t now_us = oh_clock_us();
  play(c, now_us);
  oh_recordings_tick(&c->recordings, now_us);
  if (now_us >= c->end_us) leave(c);
  if (c->gone_us != OH_NEVER &&
      (now_us >= c->gone_us + GOODBYE_US || c->status || oh_phone_is_quiet(c->phone)))
    uv_stop(&c->loop);
  else
    set_timer(c);
}

static void set_timer(struct call *c) {
  int64_t now_us = oh_clock_us(), at_us = oh_recordings_deadline(&c->recordings);
  if (c->playback && c->published && c->connected_us) {
    int64_t play_us = c->next_us == OH_NEVER ? now_us : c->next_us;
    if (play_us < at_us) at_us = play_us;
  }
  if (c->gone_us != OH_NEVER)
    at_us = now_us + 10 * 1000;
  else if (c->end_us < at_us)
    at_us = c->end_us;
  if (at_us == OH_NEVER) return;
  uv_update_time(&c->loop);
  uv_timer_start(&c->timer, on_timer, at_us > now_us ? (uint64_t)(at_us - now_us + 999) / 1000 : 0, 0);
}

static void on_signal(uv_signal_t *signal, int number) {
  struct call *c = signal->data;
  (void)number;
  if (c->gone_us != OH_NEVER) uv_stop(&c->loop); // twice: at once
  leave(c);
}

// ---- arguments

static bool read_wish(struct call_wish *wish, int count, char **args) {
  const struct {
    const char *flag, **value;
    bool *on;
  } flags[] = {
      {"--play", &wish->play, NULL},
      {"--record", &wish->record, NULL},
      {"--record-dir", &wish->record_dir, NULL},
      {"--url", &wish->url, NULL},
      {"--ca", &wish->ca, NULL},
      {"--token", &wish->token, NULL},
      {"--identity", &wish->identity, NULL},
      {"--name", &wish->name, NULL},
      {"--config", &wish->config, NULL},
      {"--seconds", &wish->seconds, NULL},
      {"--two-peer-connections", NULL, &wish->two_peer_connections},
      {"--tcp", NULL, &wish->tcp},
      {"--quiet", NULL, &wish->quiet},
      {"--echo", NULL, &wish->echo},
  };
  for (int i = 0; i < count; i++) {
    if (strncmp(args[i], "--", 2) != 0) {
      if (wish->room) return fprintf(stderr, "offhook: one room only, not also \"%s\"\n", args[i]), false;
      wish->room = args[i];
      continue;
    }
    size_t f = 0, flag_count = sizeof flags / sizeof flags[0];
    while (f < flag_count && strcmp(args[i], flags[f].flag) != 0)
      f++;
    if (f == flag_count)
      return fprintf(stderr, "offhook: call has no flag %s; see `offhook help call`\n", args[i]), false;
    if (flags[f].on) {
      *flags[f].on = true;
    } else {
      if (++i == count) return fprintf(stderr, "offhook: %s needs a value\n", args[i - 1]), false;
      *flags[f].value = args[i];
    }
  }
  return true;
}

static bool check_wish(struct call_wish *wish) {
  if (!wish->token && !wish->identity) wish->token = getenv("LIVEKIT_TOKEN");
  if (!wish->url) wish->url = getenv("LIVEKIT_URL");
  if (!wish->url || !*wish->url) wish->url = "ws://localhost:7880";
  const char *wrong = NULL;
  char *end = NULL;
  if (!wish->room || !*wish->room || strlen(wish->room) > OH_ROOM_NAME_MAX)
    wrong = "call which room?";
  else if (wish->token && (wish->identity || wish->name || wish->echo))
    wrong = "--identity, --name and --echo belong into the token; give one or the other";
  else if (wish->record && wish->record_dir)
    wrong = "either --record or --record-dir";
  else if (wish->seconds && (strtod(wish->seconds, &end) < 0 || *end || end == wish->seconds ||
                             !(strtod(wish->seconds, &end) <= 86400 * 365)))
    wrong = "--seconds is a number";
  if (wrong) fprintf(stderr, "offhook: %s\n", wrong);
  return !wrong;
}

// malloc'd; NULL: said why.
static char *make_token(const struct call_wish *wish) {
  if (wish->token) return oh_str_dup(oh_str(wish->token));
  struct oh_config config;
  char error[OH_CONFIG_ERROR_MAX], *token = NULL;
  char *args[] = {(char *)(uintptr_t) "--config", (char *)(uintptr_t)wish->config};
  if (!oh_config_load(&config, wish->config ? 2 : 0, args, environ, error)) {
    fprintf(stderr, "offhook: %s\n", error);
  } else if (config.development) {
    fputs("offhook: there is neither --token nor a key to sign one with (LIVEKIT_API_KEY, "
          "LIVEKIT_API_SECRET)\n",
          stderr);
  } else {
    struct oh_claims claims;
    struct oh_random random = oh_entropy();
    char identity[40];
    snprintf(identity, sizeof identity, "caller-%08x", oh_random_u32(&random));
    oh_claims_init(&claims);
    free(claims.identity);
    free(claims.name);
    free(claims.video.room);
    claims.identity = oh_str_dup(oh_str(wish->identity ? wish->identity : identity));
    claims.name = oh_str_dup(oh_str(wish->name ? wish->name : wish->identity ? wish->identity : ""));
    claims.video.room = oh_str_dup(oh_str(wish->room));
    claims.has_video = claims.video.room_join = true;
    if (wish->echo)
      claims.room_config = oh_str_dup(OH_STR("{\"agents\":[{\"agentName\":\"" OH_ECHO_AGENT_NAME "\"}]}"));
    int64_t unix_us = oh_clock_us() + oh_clock_unix_offset_us();
    claims.expires_unix_s = unix_us / 1000000 + 6 * 3600;
    token = oh_token_write(&claims, &config.key_items[0]);
    if (!token) fputs("offhook: identity and name must be UTF-8 of at most 256 bytes\n", stderr);
    oh_claims_fini(&claims);
  }
  oh_config_fini(&config);
  return token;
}

// ---- the call

static void close_handles(struct call *c) {
  oh_phone_close(c->phone);
  uv_close((uv_handle_t *)&c->timer, NULL);
  uv_close((uv_handle_t *)&c->interrupt, NULL);
  uv_close((uv_handle_t *)&c->terminate, NULL);
  uv_run(&c->loop, UV_RUN_DEFAULT);
  OH_CHECK(uv_loop_close(&c->loop) == 0);
}

static void sum_up(struct call *c) {
  for (size_t i = 0; i < c->recordings.count; i++) {
    const struct oh_recording *r = c->recordings.items[i];
    say(c, "recorded %.2f s to %s, %.2f s of it silence or lost%s", (double)r->tape.written / OH_OPUS_RATE,
        r->path, (double)r->tape.filled_samples / OH_OPUS_RATE,
        r->tape.failed ? "; THE FILE COULD NOT BE WRITTEN" : "");
    if (r->tape.failed) c->status = 1;
  }
}

static void start(struct call *c, struct oh_identity *identity, struct oh_tls *tls, const char *token) {
  const char *error = NULL;
  OH_CHECK(uv_loop_init(&c->loop) == 0 && uv_timer_init(&c->loop, &c->timer) == 0 &&
           uv_signal_init(&c->loop, &c->interrupt) == 0 && uv_signal_init(&c->loop, &c->terminate) == 0);
  c->timer.data = c->interrupt.data = c->terminate.data = c;
  uv_signal_start(&c->interrupt, on_signal, SIGINT);
  uv_signal_start(&c->terminate, on_signal, SIGTERM);
  struct oh_phone_config config = {.loop = &c->loop,
                                   .world = &c->world,
                                   .identity = identity,
                                   .tls = tls,
                                   .url = c->wish.url,
                                   .token = token,
                                   .two_peer_connections = c->wish.two_peer_connections,
                                   .publish = c->playback != NULL,
                                   .tcp = c->wish.tcp,
                                   .event = on_event,
                                   .trouble = on_trouble,
                                   .ctx = c};
  say(c, "calls %s at %s", c->wish.room, c->wish.url);
  c->phone = oh_phone_open(&config, &error);
  if (c->phone)
    uv_run(&c->loop, UV_RUN_DEFAULT);
  else
    fprintf(stderr, "offhook: %s\n", error), c->status = 2;
  oh_recordings_end(&c->recordings);
  close_handles(c);
  sum_up(c);
}

static void no_log(void *ctx, enum oh_log_level level, const char *message, const char *fields) {
  (void)ctx, (void)level, (void)message, (void)fields;
}

// What is played and recorded. False: said why.
static bool open_files(struct call *c, char **file) {
  size_t len;
  if (c->wish.play) {
    *file = oh_file_read(c->wish.play, FILE_MAX, &len);
    if (!*file) return fprintf(stderr, "offhook: %s: %s\n", c->wish.play, strerror(errno)), false;
    c->playback = malloc(sizeof *c->playback);
    OH_CHECK(c->playback);
    if (!oh_playback_init(c->playback, (struct oh_bytes){.data = (uint8_t *)*file, .len = len}) ||
        !oh_playback_next(c->playback, &c->opus, &c->samples))
      return fprintf(stderr, "offhook: %s is not an Ogg Opus file with sound\n", c->wish.play), false;
  }
  const char *to = c->wish.record ? c->wish.record : c->wish.record_dir;
  if (!oh_recordings_init(&c->recordings, c->wish.record, c->wish.record_dir))
    return fprintf(stderr, "offhook: %s: %s\n", to, strerror(errno)), false;
  return true;
}

int oh_call_command(int count, char **args) {
  static struct call call; // large, and there is one
  struct call *c = &call;
  char *file = NULL, *token = NULL, error[OH_TLS_ERROR_MAX] = "";
  *c = (struct call){.next_us = OH_NEVER, .end_us = OH_NEVER, .gone_us = OH_NEVER, .status = 2};
  if (!read_wish(&c->wish, count, args) || !check_wish(&c->wish) || !open_files(c, &file) ||
      !(token = make_token(&c->wish))) {
    free(c->playback);
    free(file);
    oh_recordings_fini(&c->recordings);
    return 2;
  }
  c->world.random = oh_entropy();
  c->world.log = (struct oh_log){.level = OH_LOG_ERROR, .line = no_log};
  c->world.unix_offset_us = oh_clock_unix_offset_us();
  signal(SIGPIPE, SIG_IGN);
  struct oh_identity *identity = oh_identity_open();
  struct oh_tls *tls = oh_tls_open_client(c->wish.ca, error);
  c->begun_us = oh_clock_us();
  c->status = 1;
  if (identity && tls)
    start(c, identity, tls, token);
  else
    fprintf(stderr, "offhook: %s\n", tls ? "OpenSSL makes no certificate" : error);
  oh_tls_close(tls);
  oh_identity_close(identity);
  oh_recordings_fini(&c->recordings);
  free(c->playback);
  free(file);
  free(token);
  return c->status;
}
