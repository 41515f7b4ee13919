// replay.c — runs a fuzz target over a directory of seeds where libFuzzer is not there: each seed whole, cut
// short at every length, and with every byte altered in a few ways (large seeds: in strides). Usage:
// fuzz_<name> <directory>
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define SEED_MAX (1 << 20)
#define PLACES_MAX 2000 // cuts and alterations of one seed, so that large ones do not take minutes

// The target gets memory of exactly this length, so that AddressSanitizer sees the first byte read too far.
static void run(const uint8_t *data, size_t len) {
  uint8_t *exact = malloc(len ? len : 1);
  if (!exact) abort();
  memcpy(exact, data, len);
  LLVMFuzzerTestOneInput(exact, len);
  free(exact);
}

static void run_seed(uint8_t *data, size_t len) {
  run(data, len);
  size_t stride = len / PLACES_MAX + 1;
  for (size_t i = 0; i < len; i += stride) {
    run(data, i);
    uint8_t kept = data[i];
    const uint8_t altered[] = {0x00, 0xff, (uint8_t)(kept ^ 0x80), (uint8_t)(kept + 1), (uint8_t)(kept - 1)};
    for (size_t k = 0; k < sizeof altered; k++) {
      data[i] = altered[k];
      run(data, len);
    }
    data[i] = kept;
  }
}

int main(int argc, char **argv) {
  DIR *directory = argc == 2 ? opendir(argv[1]) : NULL;
  if (!directory) {
    fprintf(stderr, "usage: %s <directory of seeds>\n", argv[0]);
    return 2;
  }
  uint8_t *data = malloc(SEED_MAX);
  if (!data) abort();
  unsigned seeds = 0;
  for (struct dirent *entry; (entry = readdir(directory));) {
    char path[4096];
    if (entry->d_name[0] == '.') continue;
    snprintf(path, sizeof path, "%s/%s", argv[1], entry->d_name);
    FILE *file = fopen(path, "rb");
    if (!file) continue;
    size_t len = fread(data, 1, SEED_MAX, file);
    fclose(file);
    run_seed(data, len);
    seeds++;
  }
  free(data);
  closedir(directory);
  printf("%u seeds\n", seeds);
  return seeds == 0; // a corpus that is not there proves nothing
}
