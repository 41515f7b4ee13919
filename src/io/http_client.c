// http_client.c — see http_client.h. libcurl says which sockets it wants to be told about and when it wants
// to be woken up (its multi_socket interface); libuv does both.
#include "io/http_client.h"
#include "base/check.h"
#include "base/limits.h"
#include "io/clock.h"
#include <curl/curl.h>
#include <pthread.h>
#include <uv.h>

#define CONNECT_MS 3000
#define IDLE_CONNECTIONS 8

struct fetch {
  struct oh_http_client *client;
  struct fetch *next, **link; // in client->fetches
  CURL *easy;
  struct curl_slist *fields;
  struct oh_text body; // of the answer
  bool status_only;
  char error[CURL_ERROR_SIZE];
  void (*done)(void *ctx, int64_t now_us, const struct oh_http_fetched *answer);
  void *ctx;
};

// A socket of libcurl's that libuv watches.
struct watch {
  uv_poll_t poll;
  struct oh_http_client *client;
  curl_socket_t fd;
};

struct oh_http_client {
  uv_loop_t *loop;
  struct oh_world *world;
  CURLM *multi;
  uv_timer_t timer;
  uint32_t held; // handles that libuv has not closed yet: the memory goes with the last
  bool is_closing;
  struct fetch *fetches;
  uint32_t fetch_count;
  char *agent, *ca_file;
};

// ---- which URLs

static bool is_loopback(struct oh_str host) {
  return oh_str_eq_nocase(host, OH_STR("localhost")) || oh_str_eq(host, OH_STR("127.0.0.1")) ||
         oh_str_eq(host, OH_STR("[::1]"));
}

static bool is_host_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

// Cuts host[:port] into its host; false if it is neither a name, an IPv4 nor a bracketed IPv6 address.
static bool read_authority(struct oh_str authority, struct oh_str *host) {
  struct oh_str rest = authority;
  if (rest.len && *rest.data == '[') {
    const char *end = memchr(rest.data, ']', rest.len);
    if (!end) return false;
    *host = (struct oh_str){rest.data, (size_t)(end - rest.data) + 1};
    for (size_t i = 1; i + 1 < host->len; i++)
      if (!is_host_letter(host->data[i]) && host->data[i] != ':') return false;
    rest.data += host->len;
    rest.len -= host->len;
    if (rest.len && *rest.data != ':') return false;
    if (rest.len)
      rest.data++, rest.len--;
    else
      return true;
  } else {
    bool has_port = memchr(rest.data, ':', rest.len) != NULL;
    *host = oh_str_cut(&rest, ':');
    for (size_t i = 0; i < host->len; i++)
      if (!is_host_letter(host->data[i])) return false;
    if (!host->len) return false;
    if (!has_port) return true;
  }
  uint64_t port;
  return oh_str_to_u64(rest, 65535, &port) && port > 0;
}

static bool read_url(struct oh_str url, bool plain_anywhere) {
  if (url.len > OH_FETCH_URL_MAX) return false;
  for (size_t i = 0; i < url.len; i++)
    if (url.data[i] <= ' ' || url.data[i] > '~' || url.data[i] == '\\' || url.data[i] == '#') return false;
  bool secure = oh_str_starts(url, OH_STR("https://"));
  if (!secure && !oh_str_starts(url, OH_STR("http://"))) return false;
  size_t skip = secure ? strlen("https://") : strlen("http://");
  struct oh_str rest = {url.data + skip, url.len - skip}, host;
  size_t end = 0;
  while (end < rest.len && rest.data[end] != '/' && rest.data[end] != '?')
    end++;
  return read_authority((struct oh_str){rest.data, end}, &host) &&
         (secure || plain_anywhere || is_loopback(host));
}

bool oh_http_url_is_safe(struct oh_str url) {
  return read_url(url, false);
}

bool oh_http_url_is_sound(struct oh_str url) {
  return read_url(url, true);
}

// ---- fetches

static void free_fetch(struct fetch *fetch) {
  *fetch->link = fetch->next;
  if (fetch->next) fetch->next->link = fetch->link;
  fetch->client->fetch_count--;
  curl_multi_remove_handle(fetch->client->multi, fetch->easy);
  curl_easy_cleanup(fetch->easy);
  curl_slist_free_all(fetch->fields);
  oh_text_fini(&fetch->body);
  free(fetch);
}

static void finish(struct fetch *fetch, int64_t now_us, CURLcode code) {
  struct oh_http_fetched answer = {.trouble = ""};
  long status = 0;
  char *type = NULL;
  if (fetch->status_only && curl_easy_getinfo(fetch->easy, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK &&
      status >= 200)
    answer.status = (int)status;
  else if (fetch->body.failed)
    answer.trouble = "the answer is too large";
  else if (code != CURLE_OK)
    answer.trouble = *fetch->error ? fetch->error : curl_easy_strerror(code);
  else if (curl_easy_getinfo(fetch->easy, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK && status > 0) {
    answer.status = (int)status;
    answer.body = (struct oh_bytes){(const uint8_t *)fetch->body.data, fetch->body.len};
    if (curl_easy_getinfo(fetch->easy, CURLINFO_CONTENT_TYPE, &type) == CURLE_OK && type)
      answer.type = oh_str(type);
  } else {
    answer.trouble = "no HTTP answer";
  }
  oh_count(&fetch->client->world->counters,
           answer.status ? OH_COUNT_fetches_answered : OH_COUNT_fetches_failed);
  fetch->done(fetch->ctx, now_us, &answer);
  free_fetch(fetch);
}

static void finish_all_done(struct oh_http_client *client) {
  int left;
  CURLMsg *message;
  while (!client->is_closing && (message = curl_multi_info_read(client->multi, &left))) {
    if (message->msg != CURLMSG_DONE) continue;
    struct fetch *fetch = NULL;
    CURLcode code = message->data.result;
    OH_CHECK(curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &fetch) == CURLE_OK && fetch);
    finish(fetch, oh_clock_us(), code);
  }
}

static size_t on_body(char *data, size_t size, size_t count, void *ctx) {
  struct fetch *fetch = ctx;
  size_t len = size * count; // size is always 1
  oh_text_add(&fetch->body, (struct oh_str){data, len});
  return fetch->body.failed ? 0 : len; // 0: libcurl ends the transfer
}

// ---- libcurl's wishes

static void on_socket_event(uv_poll_t *poll, int status, int events) {
  struct watch *watch = poll->data;
  struct oh_http_client *client = watch->client;
  int mask = status < 0 ? CURL_CSELECT_ERR : 0, running;
  if (events & UV_READABLE) mask |= CURL_CSELECT_IN;
  if (events & UV_WRITABLE) mask |= CURL_CSELECT_OUT;
  curl_multi_socket_action(client->multi, watch->fd, mask, &running); // may close `poll`
  finish_all_done(client);
}

static void on_timer(uv_timer_t *timer) {
  struct oh_http_client *client = timer->data;
  int running;
  curl_multi_socket_action(client->multi, CURL_SOCKET_TIMEOUT, 0, &running);
  finish_all_done(client);
}

static void let_go(struct oh_http_client *client) {
  if (--client->held > 0) return;
  free(client->agent);
  free(client->ca_file);
  free(client);
}

static void on_watch_closed(uv_handle_t *handle) {
  struct watch *watch = handle->data;
  let_go(watch->client);
  free(watch);
}

static int want_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *socket_ctx) {
  struct oh_http_client *client = ctx;
  struct watch *watch = socket_ctx;
  (void)easy;
  if (what == CURL_POLL_REMOVE) {
    if (!watch) return 0;
    curl_multi_assign(client->multi, fd, NULL);
    uv_close((uv_handle_t *)&watch->poll, on_watch_closed); // stops watching at once: the fd may be closed
    return 0;
  }
  if (!watch) {
    watch = calloc(1, sizeof *watch);
    OH_CHECK(watch);
    watch->client = client;
    watch->fd = fd;
    if (uv_poll_init_socket(client->loop, &watch->poll, fd) != 0) {
      free(watch);
      return -1; // libcurl fails the transfers
    }
    watch->poll.data = watch;
    client->held++;
    curl_multi_assign(client->multi, fd, watch);
  }
  int events = what == CURL_POLL_IN    ? UV_READABLE
               : what == CURL_POLL_OUT ? UV_WRITABLE
                                       : UV_READABLE | UV_WRITABLE;
  uv_poll_start(&watch->poll, events, on_socket_event);
  return 0;
}

static int want_timer(CURLM *multi, long timeout_ms, void *ctx) {
  struct oh_http_client *client = ctx;
  (void)multi;
  if (client->is_closing) return 0;
  if (timeout_ms < 0) {
    uv_timer_stop(&client->timer);
  } else {
    uv_update_time(client->loop);
    uv_timer_start(&client->timer, on_timer, (uint64_t)timeout_ms, 0);
  }
  return 0;
}

// ---- lifetime

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;
static void init_curl(void) {
  OH_CHECK(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
}

struct oh_http_client *oh_http_client_open(uv_loop_t *loop, struct oh_world *world, const char *agent,
                                           const char *ca_file) {
  pthread_once(&curl_once, init_curl);
  struct oh_http_client *client = calloc(1, sizeof *client);
  OH_CHECK(client);
  client->loop = loop;
  client->world = world;
  client->agent = oh_str_dup(oh_str(agent));
  client->ca_file = ca_file && *ca_file ? oh_str_dup(oh_str(ca_file)) : NULL;
  OH_CHECK(uv_timer_init(loop, &client->timer) == 0);
  client->timer.data = client;
  client->held = 1;
  client->multi = curl_multi_init();
  OH_CHECK(client->multi);
  curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, want_socket);
  curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
  curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, want_timer);
  curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
  curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, (long)IDLE_CONNECTIONS);
  return client;
}

static void on_timer_closed(uv_handle_t *handle) {
  let_go(handle->data);
}

void oh_http_client_close(struct oh_http_client *client) {
  if (!client) return;
  client->is_closing = true;
  while (client->fetches) {
    snprintf(client->fetches->error, sizeof client->fetches->error, "%s", "the program ends");
    finish(client->fetches, oh_clock_us(), CURLE_ABORTED_BY_CALLBACK);
  }
  curl_multi_cleanup(client->multi); // says REMOVE for every socket it still has
  uv_close((uv_handle_t *)&client->timer, on_timer_closed);
}

static void set_options(struct fetch *fetch, const struct oh_http_fetch *wish) {
  CURL *easy = fetch->easy;
  struct oh_http_client *client = fetch->client;
  curl_easy_setopt(easy, CURLOPT_PRIVATE, fetch);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, fetch->error);
  curl_easy_setopt(easy, CURLOPT_URL, wish->url);
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
  if (client->ca_file) {
    curl_easy_setopt(easy, CURLOPT_CAINFO, client->ca_file);
    curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
  }
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); // a name server that hangs must not hang this thread
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)wish->timeout_ms);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                   (long)(wish->timeout_ms < CONNECT_MS ? wish->timeout_ms : CONNECT_MS));
  curl_easy_setopt(easy, CURLOPT_USERAGENT, client->agent);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, fetch);
  if (wish->body.len) {
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)wish->body.len);
    curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, wish->body.data);
  }
  if (wish->method) curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, wish->method);
  for (size_t i = 0; i < wish->field_count; i++) {
    struct curl_slist *longer = curl_slist_append(fetch->fields, wish->fields[i]);
    OH_CHECK(longer);
    fetch->fields = longer;
  }
  if (fetch->fields) curl_easy_setopt(easy, CURLOPT_HTTPHEADER, fetch->fields);
}

bool oh_http_fetch(struct oh_http_client *client, const struct oh_http_fetch *wish) {
  if (client->is_closing || client->fetch_count >= OH_FETCHES_MAX ||
      !read_url(oh_str(wish->url), wish->plain_anywhere))
    return false;
  struct fetch *fetch = calloc(1, sizeof *fetch);
  OH_CHECK(fetch);
  fetch->client = client;
  fetch->done = wish->done;
  fetch->ctx = wish->ctx;
  fetch->status_only = wish->status_only;
  oh_text_init(&fetch->body, wish->answer_bytes_max);
  fetch->next = client->fetches;
  fetch->link = &client->fetches;
  if (fetch->next) fetch->next->link = &fetch->next;
  client->fetches = fetch;
  client->fetch_count++;
  fetch->easy = curl_easy_init();
  OH_CHECK(fetch->easy);
  set_options(fetch, wish);
  OH_CHECK(curl_multi_add_handle(client->multi, fetch->easy) == CURLM_OK); // its timer starts the transfer
  return true;
}
