// request.c — see request.h
#include "caller/request.h"
#include "base/base64.h"
#include "base/check.h"
#include "base/text.h"
#include "signal.pb-c.h"
#include <stdlib.h>

#define PROTOCOL 17

// Padded, as LiveKit's server insists on, and the padding escaped for a query.
static void add_base64url(struct oh_text *t, const uint8_t *data, size_t len) {
  oh_base64_write(t, (struct oh_bytes){.data = data, .len = len}, OH_BASE64_URL);
  for (size_t rest = len % 3; rest > 0 && rest < 3; rest++)
    oh_text_adds(t, "%3D");
}

static void add_join_request(struct oh_text *path, const struct oh_caller_request *request) {
  Livekit__ClientInfo client = LIVEKIT__CLIENT_INFO__INIT;
  client.sdk = LIVEKIT__CLIENT_INFO__SDK__CPP;
  client.version = "1.0.0";
  client.protocol = PROTOCOL;
  client.os = "linux";
  Livekit__ConnectionSettings settings = LIVEKIT__CONNECTION_SETTINGS__INIT;
  settings.auto_subscribe = 1;
  Livekit__JoinRequest join = LIVEKIT__JOIN_REQUEST__INIT;
  join.client_info = &client;
  join.connection_settings = &settings;
  Livekit__AddTrackRequest track = LIVEKIT__ADD_TRACK_REQUEST__INIT, *tracks = &track;
  Livekit__SessionDescription offer = LIVEKIT__SESSION_DESCRIPTION__INIT;
  if (request->participant_sid) {
    join.reconnect = 1;
    join.reconnect_reason = (Livekit__ReconnectReason)request->reconnect_reason;
    join.participant_sid = (char *)request->participant_sid;
  } else if (request->cid) {
    track.cid = (char *)request->cid;
    track.name = "microphone";
    track.source = LIVEKIT__TRACK_SOURCE__MICROPHONE;
    track.disable_red = 1;
    join.n_add_track_requests = 1;
    join.add_track_requests = &tracks;
  }
  if (request->offer) {
    offer.type = "offer";
    offer.sdp = (char *)request->offer;
    offer.id = request->offer_id;
    join.publisher_offer = &offer;
  }
  Livekit__WrappedJoinRequest wrapped = LIVEKIT__WRAPPED_JOIN_REQUEST__INIT;
  wrapped.join_request.len = livekit__join_request__get_packed_size(&join);
  wrapped.join_request.data = malloc(wrapped.join_request.len + 1);
  OH_CHECK(wrapped.join_request.data);
  livekit__join_request__pack(&join, wrapped.join_request.data);
  size_t len = livekit__wrapped_join_request__get_packed_size(&wrapped);
  uint8_t *bytes = malloc(len + 1);
  OH_CHECK(bytes);
  livekit__wrapped_join_request__pack(&wrapped, bytes);
  oh_text_adds(path, "/rtc/v1?join_request=");
  add_base64url(path, bytes, len);
  free(wrapped.join_request.data);
  free(bytes);
}

char *oh_caller_request_path(const struct oh_caller_request *request, bool two_peer_connections) {
  struct oh_text path;
  oh_text_init(&path, 64 * 1024);
  if (two_peer_connections) {
    oh_text_addf(&path, "/rtc?auto_subscribe=1&sdk=cpp&version=1.0.0&os=linux&protocol=%d", PROTOCOL);
    if (request->participant_sid)
      oh_text_addf(&path, "&reconnect=1&reconnect_reason=%d&sid=%s", request->reconnect_reason,
                   request->participant_sid);
  } else {
    add_join_request(&path, request);
  }
  char *text = oh_text_take(&path, NULL);
  oh_text_fini(&path);
  OH_CHECK(text); // our own offer always fits
  return text;
}
