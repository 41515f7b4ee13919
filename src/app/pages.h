// pages.h — the embedded files at their addresses: the page, the button for other sites (/offhook.js and
// /offhook/…), the registry (/r/…), and the HTML pages that have a site in their address. All state is the
// table of page.h and the configuration.
//
//   /embed/{site} → embed.html   framed by the site's own pages (and ours) only
//   /c/{site}     → call.html    the call link
//   /designer     → designer.html
#pragma once
#include "app/page.h"
#include "app/web.h"

const struct oh_page_file *oh_pages_find(struct oh_str path); // NULL: no such file
bool oh_pages_has(const struct oh_web *web, struct oh_str path);

// Answers a GET or HEAD of a file or page. False: there is nothing at this path.
bool oh_pages_answer(struct oh_web *web, oh_id conn, const struct oh_http_request *request);
// Our own page, for "/".
bool oh_pages_answer_index(struct oh_web *web, oh_id conn, const struct oh_http_request *request);

// True if `list`, the value of If-None-Match, has `etag` (with its quotes); weak comparison (RFC
// 9110 13.1.2).
bool oh_pages_lists_etag(struct oh_str list, struct oh_str etag);
