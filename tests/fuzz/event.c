// event.c — bodies of POST /api/voice/events: whatever comes, only words of the table get through.
#include "base/check.h"
#include "base/limits.h"
#include "call/tally.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  struct oh_event_batch batch;
  struct oh_event_client client = oh_event_client_of((struct oh_str){(const char *)data, len});
  if (!oh_event_read((struct oh_bytes){data, len}, &batch)) return 0;
  OH_CHECK(batch.count <= OH_EVENTS_MAX);
  struct oh_tally *tally = oh_tally_open();
  struct oh_text text;
  oh_text_init(&text, 1 << 18);
  for (uint32_t i = 0; i < batch.count; i++) {
    oh_tally_add(tally, &batch.events[i], client);
    oh_event_write(&batch.events[i], &text);
  }
  oh_tally_write(tally, &text);
  OH_CHECK(!text.failed);
  oh_text_fini(&text);
  oh_tally_close(tally);
  oh_event_batch_fini(&batch);
  return 0;
}
