// call_link.c — see call_link.h
#include "app/call_link.h"
#include "app/pages.h"
#include "base/map.h"
#include "call/qr.h"

#define SVG_MAX (256 * 1024) // a code of OH_QR_TEXT_MAX bytes takes about 60 KB
#define PREFIX "/c/"
#define SUFFIX "/qr.svg"

static struct oh_str site_in(struct oh_str path) {
  size_t around = sizeof PREFIX + sizeof SUFFIX - 2;
  struct oh_str end = {path.data + path.len - (sizeof SUFFIX - 1), sizeof SUFFIX - 1};
  if (path.len <= around || !oh_str_starts(path, OH_STR(PREFIX)) || !oh_str_eq(end, OH_STR(SUFFIX)))
    return (struct oh_str){0};
  return (struct oh_str){path.data + sizeof PREFIX - 1, path.len - around};
}

static bool add_link(struct oh_web *web, oh_id conn, const struct oh_http_request *request,
                     const struct oh_site *site, struct oh_text *link) {
  struct oh_str own = oh_str(web->config->public_url);
  while (own.len && own.data[own.len - 1] == '/')
    own.len--;
  if (own.len)
    oh_text_add(link, own);
  else if (!oh_web_own_url(web, conn, request, false, link))
    return false;
  oh_text_addf(link, PREFIX "%s", site->id);
  return !link->failed;
}

static void respond(struct oh_web *web, oh_id conn, const struct oh_http_request *request,
                    const struct oh_text *svg) {
  static const uint8_t key[16] = "offhook qr etag"; // not a secret: it only names a version
  char etag[24];
  snprintf(etag, sizeof etag, "\"%016llx\"", (unsigned long long)oh_siphash(key, svg->data, svg->len));
  struct oh_text fields;
  oh_text_init(&fields, 1024);
  oh_text_addf(&fields,
               "ETag: %s\r\nCache-Control: public, max-age=3600\r\nX-Content-Type-Options: nosniff\r\n"
               "Access-Control-Allow-Origin: *\r\nCross-Origin-Resource-Policy: cross-origin\r\n"
               "Content-Security-Policy: default-src 'none'; sandbox\r\n",
               etag);
  struct oh_http_response response = {.status = 200,
                                      .type = OH_STR("image/svg+xml"),
                                      .fields = oh_text_str(&fields),
                                      .body = {(const uint8_t *)svg->data, svg->len}};
  if (oh_pages_lists_etag(oh_http_field(request, OH_STR("If-None-Match")), oh_str(etag)))
    response = (struct oh_http_response){.status = 304, .fields = oh_text_str(&fields)};
  oh_http_respond(web->server, conn, &response);
  oh_text_fini(&fields);
}

bool oh_call_link_answer(struct oh_web *web, oh_id conn, const struct oh_http_request *request) {
  struct oh_str id = site_in(request->path);
  const struct oh_site *site = id.len ? oh_sites_find(&web->config->sites, id) : NULL;
  if (!site) return false;
  struct oh_text link, svg;
  oh_text_init(&link, OH_QR_TEXT_MAX);
  oh_text_init(&svg, SVG_MAX);
  if (add_link(web, conn, request, site, &link) &&
      oh_qr_write_svg(oh_text_str(&link), site->name ? site->name : link.data, &svg) && !svg.failed)
    respond(web, conn, request, &svg);
  else
    oh_web_respond_problem(web, conn, OH_PROBLEM_REQUEST_INVALID, 0, (struct oh_str){0});
  oh_text_fini(&link);
  oh_text_fini(&svg);
  return true;
}
