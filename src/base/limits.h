// limits.h — every limit of the house, each with its reason. Tests assert that they hold.
#pragma once

// Names: LiveKit refuses longer identities, room names and display names (facts: 256 bytes).
#define OH_IDENTITY_MAX 256
#define OH_ROOM_NAME_MAX 256
#define OH_NAME_MAX 256
#define OH_METADATA_MAX (512 * 1024)       // LiveKit's default limit for participant and room metadata
#define OH_ATTRIBUTES_MAX (64 * 1024)      // LiveKit: sum of key and value lengths
#define OH_TOKEN_MAX 8192                  // bytes of a JWT; larger ones are refused unparsed
#define OH_SIGNAL_MESSAGE_MAX (256 * 1024) // one signalling message, client to server
#define OH_SIGNAL_QUEUE_MAX (1024 * 1024)  // unsent signalling bytes; a slower reader is cut off and resumes
#define OH_JOIN_REQUEST_MAX (1024 * 1024)  // LiveKit's limit after base64 and after gunzip
#define OH_SDP_MAX (64 * 1024)
#define OH_STUN_ATTRIBUTES_MAX 16 // an honest ICE check has about nine
