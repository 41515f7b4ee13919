// call_link.h — GET /c/{site}/qr.svg: the call link of a site as a QR code.
#pragma once
#include "app/web.h"

// False: the path is not of this form, or there is no such site.
bool oh_call_link_answer(struct oh_web *web, oh_id conn, const struct oh_http_request *request);
