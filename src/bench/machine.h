// machine.h — what is measured about processes: who runs where, their processor time and memory, and the
// server under test as a child process.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

bool oh_machine_pin(unsigned cpu);               // the calling thread (and children)
unsigned oh_machine_cpus(void);                  // processors of this machine
void oh_machine_describe(char *out, size_t cap); // processor model, count and kernel
int64_t oh_machine_cpu_ns(pid_t pid);            // on-CPU time of all threads (/proc/PID/task/*/schedstat)
int64_t oh_machine_memory_kb(pid_t pid, const char *field); // "Rss:", "Pss:" … of /proc/PID/smaps_rollup
int64_t oh_machine_steal_ticks(void); // time the host took from us, summed over processors

struct oh_server {
  pid_t pid;
  uint16_t port;
  const char *key, *secret;
};
// Runs `binary serve` on a free loopback port with one worker, pinned to `cpu`, and waits for GET / to answer
// 200; *start_us is how long that took since exec. False: said why on stderr.
bool oh_server_start(struct oh_server *server, const char *binary, unsigned cpu, bool transparent_errors,
                     int64_t *start_us);
void oh_server_stop(struct oh_server *server);
// The size of the binary without symbols; -1 if strip is not there.
int64_t oh_machine_stripped_bytes(const char *binary);
