// machine.c — see machine.h
#include "bench/machine.h"
#include "io/clock.h"
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#define KEY "APIbench"
#define START_US (10 * 1000000)

bool oh_machine_pin(unsigned cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  return sched_setaffinity(0, sizeof set, &set) == 0;
}

unsigned oh_machine_cpus(void) {
  long count = sysconf(_SC_NPROCESSORS_ONLN);
  return count > 0 ? (unsigned)count : 1;
}

void oh_machine_describe(char *out, size_t cap) {
  char line[256], model[200] = "unknown processor";
  FILE *file = fopen("/proc/cpuinfo", "re");
  while (file && fgets(line, sizeof line, file))
    if (sscanf(line, "model name : %199[^\n]", model) == 1) break;
  if (file) fclose(file);
  struct utsname name;
  uname(&name);
  snprintf(out, cap, "%s, %u processors, %s %s %s", model, oh_machine_cpus(), name.sysname, name.release,
           name.machine);
}

int64_t oh_machine_cpu_ns(pid_t pid) {
  char path[600];
  snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
  DIR *folder = opendir(path);
  int64_t sum = 0;
  struct dirent *entry;
  while (folder && (entry = readdir(folder))) {
    if (entry->d_name[0] == '.') continue;
    snprintf(path, sizeof path, "/proc/%d/task/%s/schedstat", (int)pid, entry->d_name);
    FILE *file = fopen(path, "re");
    long long ns = 0;
    if (file && fscanf(file, "%lld", &ns) == 1) sum += ns;
    if (file) fclose(file);
  }
  if (folder) closedir(folder);
  return sum;
}

int64_t oh_machine_memory_kb(pid_t pid, const char *field) {
  char path[64], line[256];
  snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
  FILE *file = fopen(path, "re");
  int64_t kb = -1;
  while (file && kb < 0 && fgets(line, sizeof line, file))
    if (strncmp(line, field, strlen(field)) == 0) kb = atoll(line + strlen(field));
  if (file) fclose(file);
  return kb;
}

int64_t oh_machine_steal_ticks(void) {
  FILE *file = fopen("/proc/stat", "re");
  long long v[8] = {0};
  int n = file ? fscanf(file, "cpu %lld %lld %lld %lld %lld %lld %lld %lld", &v[0], &v[1], &v[2], &v[3],
                        &v[4], &v[5], &v[6], &v[7])
               : 0;
  if (file) fclose(file);
  return n == 8 ? v[7] : 0;
}

static uint16_t free_port(void) {
  struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t len = sizeof name;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (bind(fd, (struct sockaddr *)&name, len) || getsockname(fd, (struct sockaddr *)&name, &len))
    name.sin_port = 0;
  close(fd);
  return ntohs(name.sin_port);
}

static bool answers_200(uint16_t port) {
  struct sockaddr_in name = {
      .sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_port = htons(port)};
  static const char request[] = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  char answer[32] = "";
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct timeval patience = {.tv_sec = 1};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  bool ok = connect(fd, (struct sockaddr *)&name, sizeof name) == 0 &&
            send(fd, request, sizeof request - 1, MSG_NOSIGNAL) == (ssize_t)sizeof request - 1 &&
            recv(fd, answer, sizeof answer - 1, 0) > 0 && strncmp(answer, "HTTP/1.1 200", 12) == 0;
  close(fd);
  return ok;
}

static void exec_server(const struct oh_server *s, const char *binary, unsigned cpu, bool errors) {
  char port[8];
  snprintf(port, sizeof port, "%u", s->port);
  if (!errors) dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
  dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
  setenv("LIVEKIT_API_KEY", s->key, 1);
  setenv("LIVEKIT_API_SECRET", s->secret, 1);
  setenv("OFFHOOK_WORKERS", "1", 1);
  setenv("OFFHOOK_BIND_ADDRESSES", "127.0.0.1", 1);
  setenv("NODE_IP", "127.0.0.1", 1);
  setenv("UDP_PORT", "0", 1);
  setenv("OFFHOOK_RTC_TCP_PORT", "0", 1);
  setenv("OFFHOOK_ADMIN_PORT", "0", 1);
  setenv("OFFHOOK_LOGGING_LEVEL", "warn", 1);
  setenv("OFFHOOK_DRAIN_TIMEOUT", "0", 1);
  setenv("OFFHOOK_LIMIT_DATA_PACKETS_PER_SEC", "0", 1);        // how fast it is, not how fast it lets one be
  setenv("OFFHOOK_LIMIT_CONNECTIONS_PER_ADDRESS", "20000", 1); // all callers come from this machine
  oh_machine_pin(cpu);
  execl(binary, binary, "serve", "--port", port, (char *)NULL);
  _exit(127);
}

bool oh_server_start(struct oh_server *s, const char *binary, unsigned cpu, bool transparent_errors,
                     int64_t *start_us) {
  // a throw-away server on loopback: its key protects nothing, but the server insists on a decent one
  *s = (struct oh_server){.port = free_port(), .key = KEY, .secret = "offhook-bench-9c1f7a52e08b4d36b7e2"};
  int64_t begun_us = oh_clock_us();
  s->pid = fork();
  if (s->pid == 0) exec_server(s, binary, cpu, transparent_errors);
  if (s->pid < 0) return perror("fork"), false;
  while (!answers_200(s->port)) {
    int status;
    if (waitpid(s->pid, &status, WNOHANG) == s->pid || oh_clock_us() - begun_us > START_US) {
      fprintf(stderr, "offhook: the server does not start (%s serve, port %u)\n", binary, s->port);
      return false;
    }
    usleep(100);
  }
  *start_us = oh_clock_us() - begun_us;
  return true;
}

void oh_server_stop(struct oh_server *s) {
  if (s->pid <= 0) return;
  kill(s->pid, SIGKILL); // what is measured is over
  waitpid(s->pid, NULL, 0);
  s->pid = 0;
}

int64_t oh_machine_stripped_bytes(const char *binary) {
  char path[] = "/tmp/offhook-bench-XXXXXX";
  int fd = mkstemp(path);
  if (fd < 0) return -1;
  close(fd);
  pid_t pid = fork();
  if (pid == 0) {
    execlp("strip", "strip", "-o", path, binary, (char *)NULL);
    _exit(127);
  }
  int status = -1;
  waitpid(pid, &status, 0);
  struct stat info;
  int64_t bytes = WIFEXITED(status) && WEXITSTATUS(status) == 0 && stat(path, &info) == 0 ? info.st_size : -1;
  unlink(path);
  return bytes;
}
