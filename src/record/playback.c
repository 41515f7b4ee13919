// playback.c — see playback.h
#include "record/playback.h"
#include "wire/opus.h"

bool oh_playback_init(struct oh_playback *p, struct oh_bytes file) {
  struct oh_ogg_packet packet;
  struct oh_opus_head head;
  oh_ogg_reader_init(&p->reader, file, p->scratch, sizeof p->scratch);
  return oh_ogg_read(&p->reader, &packet) && oh_opus_head_read(&head, packet.data) &&
         oh_ogg_read(&p->reader, &packet); // OpusTags
}

bool oh_playback_next(struct oh_playback *p, struct oh_bytes *opus, uint32_t *samples) {
  struct oh_ogg_packet packet;
  while (oh_ogg_read(&p->reader, &packet)) {
    *samples = oh_opus_duration(packet.data);
    *opus = packet.data;
    if (*samples) return true;
  }
  return false;
}
