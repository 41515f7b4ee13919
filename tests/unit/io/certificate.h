// certificate.h — a fresh self-signed P-256 certificate for the tests of TLS.
#pragma once

// Writes <dir>/<name>.crt and <dir>/<name>.key, valid for localhost and 127.0.0.1.
void certificate_write(const char *dir, const char *name, const char *common_name);
