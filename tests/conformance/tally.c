// tally.c — preloaded into the real binary by forwarding.c: counts the system calls of a loop that forwards
// and every allocation, in a file that both sides map (OFFHOOK_TALLY).
#include "tests/conformance/tally.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

static struct tally nowhere, *tally = &nowhere;

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("OFFHOOK_TALLY");
  int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
  if (fd < 0) return;
  void *shared = mmap(NULL, sizeof *tally, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (shared != MAP_FAILED) tally = shared;
}

static void add(_Atomic uint64_t *n, uint64_t more) {
  atomic_fetch_add_explicit(n, more, memory_order_relaxed);
}

void *malloc(size_t size) {
  add(&tally->allocations, 1);
  return __libc_malloc(size);
}
void *calloc(size_t count, size_t size) {
  add(&tally->allocations, 1);
  return __libc_calloc(count, size);
}
void *realloc(void *old, size_t size) {
  add(&tally->allocations, 1);
  return __libc_realloc(old, size);
}

// The calls go straight to the kernel: what a preloaded library replaces it cannot call by its name.
int recvmmsg(int fd, struct mmsghdr *messages, unsigned int count, int flags, struct timespec *timeout) {
  add(&tally->syscalls, 1);
  int n = (int)syscall(SYS_recvmmsg, fd, messages, count, flags, timeout);
  if (n > 0) add(&tally->received, (uint64_t)n);
  return n;
}
int sendmmsg(int fd, struct mmsghdr *messages, unsigned int count, int flags) {
  add(&tally->syscalls, 1);
  int n = (int)syscall(SYS_sendmmsg, fd, messages, count, flags);
  if (n > 0) add(&tally->sent, (uint64_t)n);
  return n;
}
int epoll_pwait(int fd, struct epoll_event *events, int count, int timeout, const sigset_t *mask) {
  add(&tally->syscalls, 1);
  return (int)syscall(SYS_epoll_pwait, fd, events, count, timeout, mask, (size_t)8);
}
int epoll_wait(int fd, struct epoll_event *events, int count, int timeout) {
  add(&tally->syscalls, 1);
  return (int)syscall(SYS_epoll_pwait, fd, events, count, timeout, NULL, (size_t)8);
}
int epoll_ctl(int fd, int op, int target, struct epoll_event *event) {
  add(&tally->syscalls, 1);
  return (int)syscall(SYS_epoll_ctl, fd, op, target, event);
}
ssize_t read(int fd, void *data, size_t len) {
  add(&tally->syscalls, 1);
  return syscall(SYS_read, fd, data, len);
}
ssize_t write(int fd, const void *data, size_t len) {
  add(&tally->syscalls, 1);
  return syscall(SYS_write, fd, data, len);
}
ssize_t send(int fd, const void *data, size_t len, int flags) {
  add(&tally->syscalls, 1);
  return syscall(SYS_sendto, fd, data, len, flags, NULL, 0);
}
ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
  add(&tally->syscalls, 1);
  return syscall(SYS_sendmsg, fd, message, flags);
}
ssize_t recv(int fd, void *data, size_t len, int flags) {
  add(&tally->syscalls, 1);
  return syscall(SYS_recvfrom, fd, data, len, flags, NULL, NULL);
}
ssize_t recvmsg(int fd, struct msghdr *message, int flags) {
  add(&tally->syscalls, 1);
  return syscall(SYS_recvmsg, fd, message, flags);
}
