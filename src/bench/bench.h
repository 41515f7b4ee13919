// bench.h — `offhook bench`: measures this binary's server on this machine, next to a bare forwarder loop in
// the same run. Prints a table, and JSON for machines.
#pragma once

// args: what follows "bench". 0: measured; 1: something did not work; 2: usage.
int oh_bench_command(int count, char **args);

#define OH_BENCH_USAGE                                                                                       \
  "offhook bench [--rounds N] [--seconds N] [--bytes N] [--only start,1000x1,100x3,data,api,joins,memory]\n" \
  "                     [--server-cpu N] [--generator-cpu N] [--binary FILE] [--json FILE]\n"                \
  "Starts the server on one processor and thousands of callers on another, over loopback. In each round "    \
  "the\n"                                                                                                    \
  "bare loop and the server take turns. Needs a quiet machine with two processors or more.\n"
