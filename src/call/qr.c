// qr.c — see qr.h
#include "call/qr.h"
#include "base/check.h"
#include <errno.h>
#include <qrencode.h>
#include <stdlib.h>

#define QUIET 4 // modules of white around it, as the standard wants

// Dark modules beside each other are one bar.
static void add_bars(const QRcode *code, struct oh_text *svg) {
  int width = code->width;
  for (int y = 0; y < width; y++) {
    const unsigned char *row = code->data + (size_t)y * (size_t)width;
    for (int x = 0; x < width; x++) {
      if (!(row[x] & 1)) continue;
      int start = x;
      while (x + 1 < width && row[x + 1] & 1)
        x++;
      oh_text_addf(svg, "M%d %dh%dv1h-%dz", start + QUIET, y + QUIET, x - start + 1, x - start + 1);
    }
  }
}

static void add_escaped(struct oh_str text, struct oh_text *svg) {
  for (size_t i = 0; i < text.len; i++) {
    char c = text.data[i];
    if (c == '<' || c == '>' || c == '&')
      oh_text_adds(svg, c == '<' ? "&lt;" : c == '>' ? "&gt;" : "&amp;");
    else
      oh_text_addc(svg, (unsigned char)c < ' ' ? ' ' : c); // XML has no control characters
  }
}

bool oh_qr_write_svg(struct oh_str text, const char *title, struct oh_text *svg) {
  if (text.len == 0 || text.len > OH_QR_TEXT_MAX || memchr(text.data, 0, text.len)) return false;
  char *copy = oh_str_dup(text);
  QRcode *code = QRcode_encodeString8bit(copy, 0, QR_ECLEVEL_M);
  free(copy);
  OH_CHECK(code || errno != ENOMEM);
  if (!code) return false;
  int size = code->width + 2 * QUIET;
  oh_text_addf(svg,
               "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" "
               "shape-rendering=\"crispEdges\" role=\"img\"><title>",
               size, size, size * 8, size * 8);
  add_escaped(oh_str(title), svg);
  oh_text_addf(svg, "</title><path fill=\"#fff\" d=\"M0 0h%dv%dH0z\"/><path fill=\"#000\" d=\"", size, size);
  add_bars(code, svg);
  oh_text_adds(svg, "\"/></svg>\n");
  QRcode_free(code);
  return true;
}
