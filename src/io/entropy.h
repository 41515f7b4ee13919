// entropy.h — getrandom() as a struct oh_random. Never fails: a kernel without randomness is an OH_CHECK.
#pragma once
#include "base/random.h"

struct oh_random oh_entropy(void);
