// data_blob.h — data blobs: what a participant leaves in the room under a key of its own, for others to fetch
// as long as it is there (LiveKit: enable_participant_data_blob, off by default). Schemas of data tracks are
// passed on so.
#pragma once
#include "livekit/participant.h"

// Messages: each is answered, or refused with a RequestResponse.
void oh_data_blob_store(struct oh_house *house, struct oh_participant *participant,
                        const Livekit__StoreDataBlobRequest *request);
void oh_data_blob_get(struct oh_house *house, const struct oh_participant *participant,
                      const Livekit__GetDataBlobRequest *request);
void oh_data_blob_forget(struct oh_participant *participant); // it leaves
