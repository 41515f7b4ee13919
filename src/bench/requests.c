// requests.c — see requests.h
#include "bench/requests.h"
#include "base/check.h"
#include "io/clock.h"
#include "livekit/token.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS = 16, ROOMS = 20, ANSWER_MAX = 256 * 1024 };

struct caller {
  int fds[CONNECTIONS];
  char *answer;
};

static bool dial(struct caller *c, const struct oh_server *server) {
  struct sockaddr_in name = {
      .sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_port = htons(server->port)};
  struct timeval patience = {.tv_sec = 10};
  for (int i = 0; i < CONNECTIONS; i++) {
    c->fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(c->fds[i], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (connect(c->fds[i], (struct sockaddr *)&name, sizeof name) != 0) return perror("connect"), false;
  }
  return true;
}

// Reads one answer with a Content-Length; true if its status is 200.
static bool read_answer(struct caller *c, int fd) {
  size_t len = 0, whole = SIZE_MAX;
  while (len < whole) {
    ssize_t n = recv(fd, c->answer + len, ANSWER_MAX - 1 - len, 0);
    if (n <= 0) return false;
    len += (size_t)n;
    c->answer[len] = 0;
    char *end = strstr(c->answer, "\r\n\r\n"), *field = strstr(c->answer, "Content-Length: ");
    if (whole == SIZE_MAX && end && field)
      whole = (size_t)(end + 4 - c->answer) + strtoul(field + strlen("Content-Length: "), NULL, 10);
  }
  return strncmp(c->answer, "HTTP/1.1 200", 12) == 0;
}

static bool ask(struct caller *c, struct oh_str request) {
  for (int i = 0; i < CONNECTIONS; i++)
    if (send(c->fds[i], request.data, request.len, MSG_NOSIGNAL) != (ssize_t)request.len) return false;
  for (int i = 0; i < CONNECTIONS; i++)
    if (!read_answer(c, c->fds[i])) return fprintf(stderr, "offhook: %.200s\n", c->answer), false;
  return true;
}

struct rate {
  double cpu_us[OH_BENCH_ROUNDS_MAX], per_s[OH_BENCH_ROUNDS_MAX];
};

static bool take(struct oh_bench *b, struct caller *c, pid_t pid, struct oh_str request, uint32_t round,
                 struct rate *rate) {
  uint64_t done = 0;
  int64_t cpu_ns = oh_machine_cpu_ns(pid), begun_us = oh_clock_us();
  for (int64_t end_us = begun_us + (int64_t)b->wish.seconds * 1000000; oh_clock_us() < end_us;
       done += CONNECTIONS)
    if (!ask(c, request)) return false;
  rate->cpu_us[round] = (double)(oh_machine_cpu_ns(pid) - cpu_ns) / 1e3 / (double)done;
  rate->per_s[round] = (double)done * 1e6 / (double)(oh_clock_us() - begun_us);
  return true;
}

static void write_call(struct oh_text *out, const struct oh_server *server, const char *method,
                       const char *body) {
  struct oh_claims claims;
  oh_claims_init(&claims);
  claims.has_video = claims.video.room_create = claims.video.room_list = true;
  claims.expires_unix_s = (int64_t)time(NULL) + 3600;
  char *token = oh_token_write(&claims, &(struct oh_key){.id = server->key, .secret = server->secret});
  OH_CHECK(token);
  oh_text_addf(
      out,
      "POST /twirp/livekit.RoomService/%s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n"
      "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
      method, token, strlen(body), body);
  free(token);
  oh_claims_fini(&claims);
}

static bool make_rooms(struct caller *c, const struct oh_server *server) {
  bool ok = true;
  for (int i = 0; i < ROOMS && ok; i++) {
    struct oh_text request;
    char body[64];
    oh_text_init(&request, 16 * 1024);
    snprintf(body, sizeof body, "{\"name\":\"room-%d\",\"empty_timeout\":3600}", i);
    write_call(&request, server, "CreateRoom", body);
    ok = ask(c, oh_text_str(&request));
    oh_text_fini(&request);
  }
  return ok;
}

enum { HEALTH, CREATE, LIST, KINDS };

static void tell(struct oh_bench *b, struct rate *rates) {
  static const char *const names[] = {"GET /healthz", "CreateRoom (of one that is there)",
                                      "ListRooms (20 of them)"};
  static const char *const keys[] = {"http", "api_create", "api_list"};
  uint32_t n = b->wish.rounds;
  double bare_us = oh_bench_median(rates[HEALTH].cpu_us, n);
  for (int kind = 0; kind < KINDS; kind++) {
    char key[64];
    double cpu_us = oh_bench_median(rates[kind].cpu_us, n), per_s = oh_bench_median(rates[kind].per_s, n);
    snprintf(key, sizeof key, "%s_per_s", keys[kind]);
    oh_bench_figure(b, key, per_s, "", "%s: %.0f/s by the clock, %.1f us of processor each, %.0f/s of a core",
                    names[kind], per_s, cpu_us, 1e6 / cpu_us);
    snprintf(key, sizeof key, "%s_of_http", keys[kind]);
    if (kind != HEALTH)
      oh_bench_figure(b, key, cpu_us / bare_us, "", "  costs %.1f times the bare request", cpu_us / bare_us);
  }
}

bool oh_bench_requests(struct oh_bench *b) {
  struct oh_server server;
  struct caller caller = {.answer = malloc(ANSWER_MAX)};
  struct rate *rates = calloc(KINDS, sizeof *rates);
  struct oh_text requests[KINDS];
  int64_t start_us;
  OH_CHECK(caller.answer && rates);
  printf("server API: %d keep-alive connections, each waits for its answer\n", CONNECTIONS);
  bool ok = oh_server_start(&server, b->binary, b->wish.server_cpu, true, &start_us);
  for (int kind = 0; kind < KINDS; kind++)
    oh_text_init(&requests[kind], 16 * 1024);
  oh_text_adds(&requests[HEALTH], "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
  write_call(&requests[CREATE], &server, "CreateRoom", "{\"name\":\"room-1\"}");
  write_call(&requests[LIST], &server, "ListRooms", "{}");
  ok = ok && dial(&caller, &server) && make_rooms(&caller, &server);
  for (uint32_t round = 0; round < b->wish.rounds && ok; round++)
    for (int kind = 0; kind < KINDS && ok; kind++)
      ok = take(b, &caller, server.pid, oh_text_str(&requests[kind]), round, &rates[kind]);
  if (ok) tell(b, rates);
  for (int i = 0; i < CONNECTIONS; i++)
    if (caller.fds[i] > 0) close(caller.fds[i]);
  for (int kind = 0; kind < KINDS; kind++)
    oh_text_fini(&requests[kind]);
  oh_server_stop(&server);
  free(caller.answer);
  free(rates);
  return ok;
}
