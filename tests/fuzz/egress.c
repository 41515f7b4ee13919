// egress.c — requests for recordings and names of their files: whatever is asked, the file is below the
// directory, is not hidden, and every refusal has its reason.
#include "base/check.h"
#include "livekit/egress_path.h"
#include "livekit/egress_plan.h"
#include "livekit/message.h"
#include <stdlib.h>
#include <string.h>

static void check_path(const char *path) {
  size_t len = strlen(path);
  OH_CHECK(len > strlen(OH_EGRESS_EXTENSION) && len < OH_EGRESS_PATH_MAX && *path != '/');
  OH_CHECK(strcmp(path + len - strlen(OH_EGRESS_EXTENSION), OH_EGRESS_EXTENSION) == 0);
  OH_CHECK(oh_str_is_utf8(oh_str(path)) && !strchr(path, '\\'));
  struct oh_str rest = oh_str(path);
  while (rest.len) {
    struct oh_str part = oh_str_cut(&rest, '/');
    OH_CHECK(part.len > 0 && part.len <= OH_EGRESS_LEAF_MAX + 20 && *part.data != '.');
    for (size_t i = 0; i < part.len; i++)
      OH_CHECK((unsigned char)part.data[i] >= 0x20 && part.data[i] != 0x7f);
  }
}

static void try_path(const char *template, const char *value) {
  const struct oh_egress_names names = {.room_name = value,
                                        .room_id = "RM_x",
                                        .identity = value,
                                        .track_id = value,
                                        .track_type = "audio",
                                        .track_source = value,
                                        .fallback = value,
                                        .unix_us = INT64_C(1795392930123456)};
  char path[OH_EGRESS_PATH_MAX];
  const char *why = NULL;
  if (oh_egress_path(template, &names, path, &why))
    check_path(path);
  else
    OH_CHECK(why);
}

static void try_request(const ProtobufCMessageDescriptor *type, const uint8_t *data, size_t len) {
  ProtobufCMessage *request = oh_message_read(type, data, len);
  if (!request) return;
  struct oh_egress_plan plan;
  struct oh_twirp_error error = {0};
  if (oh_egress_plan_read(request, &plan, &error)) {
    try_path(plan.filepath, plan.identity ? plan.identity : "");
    OH_CHECK(plan.source != OH_EGRESS_TRACK || *plan.track);
    OH_CHECK(plan.source != OH_EGRESS_ROUTES || plan.routes);
  } else {
    OH_CHECK(error.code != OH_TWIRP_OK && *error.msg);
  }
  oh_message_free(request);
}

// First byte: what to try. A path: the template, NUL, and a value.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  static const ProtobufCMessageDescriptor *const types[] = {
      &livekit__room_composite_egress_request__descriptor, &livekit__participant_egress_request__descriptor,
      &livekit__track_composite_egress_request__descriptor, &livekit__track_egress_request__descriptor,
      &livekit__start_egress_request__descriptor};
  if (len == 0) return 0;
  if (data[0] < sizeof types / sizeof *types) {
    try_request(types[data[0]], data + 1, len - 1);
    return 0;
  }
  char *text = malloc(len + 1);
  OH_CHECK(text);
  memcpy(text, data + 1, len - 1);
  text[len - 1] = text[len] = 0;
  size_t template = strlen(text);
  try_path(text, template <len - 1 ? text + template + 1 : "");
  free(text);
  return 0;
}
