// pages.c — see pages.h
#include "app/pages.h"
#include "call/origin.h"
#include <stdlib.h>

#define FIELDS_MAX (48 * 1024) // frame-ancestors may list 256 origins
// The button's loader and the registry keep their names from version to version.
#define SHARED_CACHE "public, max-age=300, stale-while-revalidate=86400"
#define SHARED_FIELDS                                                                                        \
  "Vary: Accept-Encoding\r\nAccess-Control-Allow-Origin: *\r\nAccess-Control-Expose-Headers: *\r\n"          \
  "Cross-Origin-Resource-Policy: cross-origin\r\n"

static const struct named_page {
  const char *path; // with a slash at its end: a site follows
  const char *file;
  bool in_frames;
} named_pages[] = {
    {"/embed/", "/embed.html", true},
    {"/c/", "/call.html", false},
    {"/designer", "/designer.html", false},
};
#define NAMED_PAGES (sizeof named_pages / sizeof named_pages[0])

// ---- finding

static int compare(const void *key, const void *row) {
  const struct oh_str *path = key;
  const struct oh_page_file *file = row;
  size_t len = strlen(file->path), least = len < path->len ? len : path->len;
  int order = memcmp(path->data, file->path, least);
  return order ? order : path->len < len ? -1 : path->len > len;
}

const struct oh_page_file *oh_pages_find(struct oh_str path) {
  return path.len ? bsearch(&path, oh_page_files, oh_page_file_count, sizeof oh_page_files[0], compare)
                  : NULL;
}

// The origins whose pages may use the site, or NULL: there is no such site.
static const struct oh_strings *find_origins(const struct oh_web *web, struct oh_str site) {
  const struct oh_site *found = site.len ? oh_sites_find(&web->config->sites, site) : NULL;
  return found ? &found->allowed_origins : NULL;
}

// *site: the one in the path, empty for a page that needs none.
static const struct named_page *find_named(struct oh_str path, struct oh_str *site) {
  *site = (struct oh_str){0};
  for (size_t i = 0; i < NAMED_PAGES; i++) {
    struct oh_str name = oh_str(named_pages[i].path);
    bool needs_site = name.data[name.len - 1] == '/';
    if (!needs_site && oh_str_eq(path, name)) return &named_pages[i];
    if (!needs_site || !oh_str_starts(path, name)) continue;
    *site = (struct oh_str){path.data + name.len, path.len - name.len};
    return site->len ? &named_pages[i] : NULL;
  }
  return NULL;
}

// The files of named pages are only at their names: without a site they would show nothing.
static const struct oh_page_file *find_plain(struct oh_str path) {
  for (size_t i = 0; i < NAMED_PAGES; i++)
    if (oh_str_eq(path, oh_str(named_pages[i].file))) return NULL;
  return oh_pages_find(path);
}

bool oh_pages_has(const struct oh_web *web, struct oh_str path) {
  struct oh_str site;
  const struct named_page *named = find_named(path, &site);
  if (!named) return find_plain(path) != NULL;
  return oh_pages_find(oh_str(named->file)) && (!site.len || find_origins(web, site));
}

// ---- what a page may do

static void add_frame_ancestors(const struct oh_strings *origins, struct oh_text *fields) {
  oh_text_adds(fields, "'self'");
  for (size_t i = 0; i < origins->count; i++) {
    struct oh_str origin = oh_str(origins->items[i]);
    if (origin.len && origin.data[origin.len - 1] == '/') origin.len--;
    if (oh_origin_is_rule(origin)) oh_text_addf(fields, " %.*s", OH_STR_ARG(origin));
  }
}

// Everything the page may do is written here; what a browser does not find allowed it refuses.
// `framers`: whose pages may show it in a frame; NULL: nobody's.
static void add_policy(struct oh_web *web, const struct oh_http_request *request,
                       const struct oh_strings *framers, struct oh_text *fields) {
  struct oh_str host = oh_http_field(request, OH_STR("Host"));
  oh_text_adds(
      fields, "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "
              "img-src 'self' data:; font-src 'self'; media-src 'self' blob:; worker-src 'self' blob:; "
              "frame-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors ");
  if (framers)
    add_frame_ancestors(framers, fields);
  else
    oh_text_adds(fields, "'none'");
  oh_text_adds(fields, "; connect-src 'self'");
  if (oh_host_is_valid(host)) // older browsers' 'self' does not cover WebSockets
    oh_text_addf(fields, " ws://%.*s wss://%.*s", OH_STR_ARG(host), OH_STR_ARG(host));
  const char *elsewhere = web->config->livekit_host;
  if (elsewhere && *elsewhere) {
    struct oh_str rest = oh_str(strstr(elsewhere, "://") + 3);
    struct oh_str name = oh_str_cut(&rest, '/');
    if (oh_host_is_valid(name))
      oh_text_addf(fields, " ws://%.*s wss://%.*s http://%.*s https://%.*s", OH_STR_ARG(name),
                   OH_STR_ARG(name), OH_STR_ARG(name), OH_STR_ARG(name));
  }
  oh_text_adds(fields, "\r\nPermissions-Policy: microphone=(self), speaker-selection=(self), camera=(), "
                       "geolocation=(), display-capture=()\r\nReferrer-Policy: same-origin\r\n");
  // A page in somebody's frame has to load under that page's Cross-Origin-Embedder-Policy too.
  oh_text_adds(fields, framers ? "Cross-Origin-Resource-Policy: cross-origin\r\n"
                               : "Cross-Origin-Opener-Policy: same-origin\r\n");
}

// ---- answering

bool oh_pages_lists_etag(struct oh_str list, struct oh_str etag) {
  while (list.len) {
    struct oh_str item = oh_str_trim(oh_str_cut(&list, ','));
    if (oh_str_starts(item, OH_STR("W/"))) item.data += 2, item.len -= 2;
    if (oh_str_eq(item, etag) || oh_str_eq(item, OH_STR("*"))) return true;
  }
  return false;
}

static void respond(struct oh_web *web, oh_id conn, const struct oh_http_request *request,
                    const struct oh_page_file *file, const struct oh_strings *framers) {
  struct oh_str accepted = oh_http_field(request, OH_STR("Accept-Encoding"));
  struct oh_bytes body = file->identity;
  const char *encoding = NULL;
  if (file->br.len && oh_http_has_token(accepted, OH_STR("br")))
    body = file->br, encoding = "br";
  else if (file->gzip.len && oh_http_has_token(accepted, OH_STR("gzip")))
    body = file->gzip, encoding = "gzip";
  char etag[64];
  snprintf(etag, sizeof etag, "\"%s%s%s\"", file->etag, encoding ? "-" : "", encoding ? encoding : "");
  struct oh_text fields;
  oh_text_init(&fields, FIELDS_MAX);
  oh_text_addf(&fields, "ETag: %s\r\nCache-Control: %s\r\n", etag,
               file->is_immutable ? "public, max-age=31536000, immutable"
               : file->is_shared  ? SHARED_CACHE
                                  : "no-cache");
  oh_text_adds(&fields, file->is_shared ? SHARED_FIELDS : "Vary: Accept-Encoding, Accept, Origin\r\n");
  if (encoding) oh_text_addf(&fields, "Content-Encoding: %s\r\n", encoding);
  oh_text_adds(&fields, "X-Content-Type-Options: nosniff\r\n");
  if (strncmp(file->type, "text/html", 9) == 0) add_policy(web, request, framers, &fields);
  struct oh_http_response response = {.status = 200,
                                      .type = oh_str(file->type),
                                      .fields = oh_text_str(&fields),
                                      .body = body,
                                      .body_is_static = true};
  if (oh_pages_lists_etag(oh_http_field(request, OH_STR("If-None-Match")), oh_str(etag)))
    response = (struct oh_http_response){.status = 304, .fields = oh_text_str(&fields)};
  oh_http_respond(web->server, conn, &response);
  oh_text_fini(&fields);
}

bool oh_pages_answer_index(struct oh_web *web, oh_id conn, const struct oh_http_request *request) {
  const struct oh_page_file *file = oh_pages_find(OH_STR("/index.html"));
  if (file) respond(web, conn, request, file, NULL);
  return file != NULL;
}

bool oh_pages_answer(struct oh_web *web, oh_id conn, const struct oh_http_request *request) {
  struct oh_str name;
  const struct named_page *named = find_named(request->path, &name);
  const struct oh_page_file *file = named ? oh_pages_find(oh_str(named->file)) : find_plain(request->path);
  if (!file) return false;
  const struct oh_strings *framers = NULL;
  if (name.len) {
    const struct oh_strings *origins = find_origins(web, name);
    if (!origins) return false;
    if (named->in_frames) framers = origins;
  }
  respond(web, conn, request, file, framers);
  return true;
}
