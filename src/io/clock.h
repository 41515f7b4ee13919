// clock.h — the only places where time is read.
#pragma once
#include <stdint.h>

int64_t oh_clock_us(void);             // CLOCK_MONOTONIC in microseconds
int64_t oh_clock_unix_offset_us(void); // unix time = oh_clock_us() + this; read again from time to time
