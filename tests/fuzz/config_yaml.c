// config_yaml.c — the configuration file: whatever is in it is read or refused with a sentence; its sites are
// found again, and printed.
#include "app/config.h"
#include "base/check.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  struct oh_config config, again;
  char error[OH_CONFIG_ERROR_MAX] = "";
  oh_config_init(&config);
  if (!oh_config_read_yaml(&config, "f", (const char *)data, len, error)) {
    OH_CHECK(*error);
  } else {
    OH_CHECK(config.sites.count >= 1);
    oh_config_finish(&config, error);
    for (size_t i = 0; i < config.sites.count; i++)
      OH_CHECK(oh_sites_find(&config.sites, oh_str(config.sites.items[i].id)) == &config.sites.items[i]);
    char *text = NULL;
    size_t text_len = 0;
    FILE *out = open_memstream(&text, &text_len);
    OH_CHECK(out);
    oh_config_print(&config, out);
    fclose(out);
    oh_config_init(&again);
    if (oh_config_read_yaml(&again, "printed", text, text_len, error))
      OH_CHECK(again.sites.count == config.sites.count);
    oh_config_fini(&again);
    free(text);
  }
  oh_config_fini(&config);
  return 0;
}
