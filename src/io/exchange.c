// exchange.c — see exchange.h
#include "io/exchange.h"
#include "base/check.h"
#include "wire/http_response.h"
#include <curl/curl.h>
#include <stdio.h>

static size_t take_head(char *data, size_t size, size_t count, void *ctx) {
  struct oh_exchanged *got = ctx;
  struct oh_str line = {data, size * count};
  if (oh_str_starts(line, OH_STR("HTTP/"))) oh_text_clear(&got->head); // the next answer after a redirect
  oh_text_add(&got->head, line);
  return line.len;
}

static size_t take_body(char *data, size_t size, size_t count, void *ctx) {
  struct oh_exchanged *got = ctx;
  oh_text_add(&got->body, (struct oh_str){data, size * count});
  return size * count;
}

struct oh_str oh_exchanged_field(const struct oh_exchanged *got, struct oh_str name) {
  return oh_http_head_field(oh_text_str(&got->head), name);
}

int64_t oh_exchange_read_date(struct oh_str date) {
  char text[64];
  if (date.len == 0 || date.len >= sizeof text) return 0;
  snprintf(text, sizeof text, "%.*s", OH_STR_ARG(date));
  time_t at = curl_getdate(text, NULL);
  return at > 0 ? (int64_t)at : 0;
}

static void read_certificate(CURL *curl, struct oh_exchanged *got) {
  struct curl_certinfo *info = NULL;
  if (curl_easy_getinfo(curl, CURLINFO_CERTINFO, &info) != CURLE_OK || !info || info->num_of_certs < 1)
    return;
  for (const struct curl_slist *line = info->certinfo[0]; line; line = line->next) {
    static const char mark[] = "Expire date:";
    if (strncmp(line->data, mark, sizeof mark - 1) == 0)
      got->cert_until_unix_s = oh_exchange_read_date(oh_str(line->data + sizeof mark - 1));
  }
}

static void set_up(CURL *curl, const struct oh_exchange *wish, struct curl_slist *fields,
                   char error[CURL_ERROR_SIZE], struct oh_exchanged *got) {
  curl_easy_setopt(curl, CURLOPT_URL, wish->url);
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(curl, CURLOPT_MAXREDIRS, 5L);
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)wish->timeout_ms);
  curl_easy_setopt(curl, CURLOPT_CERTINFO, 1L);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, fields);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_head);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, got);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, got);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
  if (wish->ca_file) curl_easy_setopt(curl, CURLOPT_CAINFO, wish->ca_file);
  if (wish->body) curl_easy_setopt(curl, CURLOPT_POSTFIELDS, wish->body);
  if (wish->method) curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, wish->method);
}

bool oh_exchange(const struct oh_exchange *wish, struct oh_exchanged *got) {
  *got = (struct oh_exchanged){0};
  oh_text_init(&got->head, OH_EXCHANGE_BYTES_MAX);
  oh_text_init(&got->body, OH_EXCHANGE_BYTES_MAX);
  char error[CURL_ERROR_SIZE] = "";
  struct curl_slist *fields = NULL;
  for (size_t i = 0; i < wish->field_count; i++)
    fields = curl_slist_append(fields, wish->fields[i]);
  CURL *curl = curl_easy_init();
  OH_CHECK(curl);
  set_up(curl, wish, fields, error, got);
  CURLcode code = curl_easy_perform(curl);
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  read_certificate(curl, got);
  got->cert_bad = code == CURLE_PEER_FAILED_VERIFICATION;
  if (code == CURLE_OK)
    got->status = (int)status;
  else
    snprintf(got->error, sizeof got->error, "%s", *error ? error : curl_easy_strerror(code));
  curl_easy_cleanup(curl);
  curl_slist_free_all(fields);
  return code == CURLE_OK;
}

void oh_exchanged_fini(struct oh_exchanged *got) {
  oh_text_fini(&got->head);
  oh_text_fini(&got->body);
}
