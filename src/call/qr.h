// qr.h — a QR code (ISO/IEC 18004) as SVG, for call links on posters and screens. Pure, by libqrencode.
#pragma once
#include "base/text.h"

#define OH_QR_TEXT_MAX 1024 // bytes; longer codes need a better camera than people have

// Adds a whole SVG document: one path, no script, no style, readable on dark and light pages. `title` is what
// screen readers say. False: the text is empty, too long or has a NUL; nothing is added.
bool oh_qr_write_svg(struct oh_str text, const char *title, struct oh_text *svg);
