// mail.h — the only way threads talk: a bounded queue of messages to one loop. Anyone may post; the letters
// are delivered on the loop's thread in order, at most 64 in a row before other events get their turn.
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct uv_loop_s;
struct oh_mailbox;

// `deliver` is called on the loop's thread and owns `message` from then on.
struct oh_mailbox *oh_mailbox_open(struct uv_loop_s *loop, uint32_t capacity,
                                   void (*deliver)(void *ctx, int64_t now_us, void *message), void *ctx);
// From any thread. Moves the message into the box. False: the box is full or shut, the message is still the
// caller's (who refuses politely). `drop` frees a message that could not be delivered before the end (may be
// NULL if there is nothing to free).
bool oh_mail_post(struct oh_mailbox *box, void *take_message, void (*drop)(void *message));
// On the loop's thread: delivers all letters that are waiting now, before a shut that would drop them.
void oh_mailbox_empty(struct oh_mailbox *box, int64_t now_us);
// On the loop's thread: from now on posts fail and waiting letters are dropped; others may still hold the
// box. The loop can end.
void oh_mailbox_shut(struct oh_mailbox *box);
// Once no thread can post any more and the loop has run after shut.
void oh_mailbox_close(struct oh_mailbox *box);
