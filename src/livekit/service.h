// service.h — the server API's services and methods, all in one table (service.c), and how one call of a
// method is worked off. Who wants to serve another method adds a line to the table and writes its handler.
//
// A handler runs on a worker's thread, with that worker's house:
//
//   enum oh_call_state oh_egress_stop(struct oh_house *house, int64_t now_us, struct oh_call *call) {
//     const Livekit__StopEgressRequest *request = (const Livekit__StopEgressRequest *)call->request;
//     struct oh_egress *egress = find(house, request->egress_id);
//     if (!egress) return oh_call_fail(call, OH_TWIRP_NOT_FOUND, "egress does not exist"), OH_CALL_NEXT;
//     …
//     return oh_call_answer(call, &info->base), OH_CALL_DONE; // packed at once; the message may be in
//     scratch
//   }
//
// Where: `room` of its line names the request's field with the room's name; the handler runs once, on the
// worker that owns this room (which need not exist), and the name is neither empty nor too long. NULL: it
// runs on every worker, one after another, until one does not return OH_CALL_NEXT; what is answered on the
// way adds up (repeated fields are joined: each adds what its house has). The last word, answer or failure,
// counts. The token has been verified and has the grant of its line. A handler must not keep `request`'s
// parts unless it returns OH_CALL_LATER.
#pragma once
#include "livekit/house.h"
#include "livekit/token.h"
#include "livekit/twirp.h"

enum oh_grant {
  OH_GRANT_CREATE,      // roomCreate
  OH_GRANT_LIST,        // roomList
  OH_GRANT_RECORD,      // roomRecord
  OH_GRANT_ADMIN,       // roomAdmin, of the request's room
  OH_GRANT_DESTINATION, // roomAdmin of the request's room, and its destination_room
  OH_GRANT_ANY,         // any valid token
};

enum oh_call_state {
  OH_CALL_DONE,  // it has its answer or its failure
  OH_CALL_NEXT,  // let the other workers have their say
  OH_CALL_LATER, // the call is kept: oh_call_answer or oh_call_fail, and then oh_call_finish, will follow
};

struct oh_method;
struct oh_call { // the embedder's; lives until it is finished
  const struct oh_method *method;
  const ProtobufCMessage *request;
  const struct oh_claims *claims; // of the token
  uint8_t *answer;                // packed protobuf; malloc'd
  size_t answer_len;
  bool too_large; // and so it will stay
  struct oh_twirp_error error;
  void (*finished)(struct oh_call *call, int64_t now_us); // the embedder's, for OH_CALL_LATER
};

struct oh_method {
  const char *service, *name;
  const ProtobufCMessageDescriptor *request, *response; // NULL: known, but not served (`refusal` says why)
  enum oh_grant grant;
  const char *room;
  enum oh_call_state (*handle)(struct oh_house *house, int64_t now_us, struct oh_call *call);
  const char *refusal;
};
// NULL when there is none.
const struct oh_method *oh_method_find(struct oh_str service, struct oh_str name);
const struct oh_method *oh_method_next(const struct oh_method *method); // all of them; first: NULL
const char *oh_grant_name(enum oh_grant grant);                         // "roomCreate", for people

// The text of a string field of the request; "" if it has none of that name.
const char *oh_call_text(const struct oh_call *call, const char *field);
// Whether the token has the method's grant at all, before the request is read; and whether it allows this
// request. Else the failure LiveKit answers (unauthenticated).
bool oh_call_has_grant(struct oh_call *call);
bool oh_call_is_allowed(struct oh_call *call);

// The answer, and no failure any more. Adds to what other workers answered.
void oh_call_answer(struct oh_call *call, const ProtobufCMessage *response);
__attribute__((format(printf, 3, 4))) void oh_call_fail(struct oh_call *call, enum oh_twirp_code code,
                                                        const char *format, ...);
// After OH_CALL_LATER, on the same thread, exactly once, also when the house closes; the call is gone.
void oh_call_finish(struct oh_call *call, int64_t now_us);
void oh_call_fini(struct oh_call *call); // the embedder's: frees the answer

// Runs the handler on this house.
enum oh_call_state oh_house_serve(struct oh_house *house, int64_t now_us, struct oh_call *call);
