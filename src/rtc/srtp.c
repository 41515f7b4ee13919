// srtp.c — see srtp.h
#include "rtc/srtp.h"
#include "base/check.h"
#include <openssl/crypto.h>
#include <openssl/evp.h>

enum {
  TAG_SHA1_80 = 10,
  SRTCP_INDEX = 4,
  RTCP_CLEAR = 8, // the first header and the sender's SSRC stay readable
};
#define SRTCP_ENCRYPTED 0x80000000u

struct stream {
  uint64_t highest; // index: RTP cycles << 16 | sequence, RTCP 31 bits
  uint64_t seen[2]; // bit i: highest - i was received
  uint32_t ssrc;
  bool used;
};
struct streams { // open addressing; never deleted from, so that no index is ever used twice
  struct stream *at;
  uint32_t cap, used, limit; // cap: power of two
};
struct half { // RTP or RTCP
  struct oh_cipher *cipher;
  struct streams streams;
  uint8_t salt[OH_SRTP_MASTER_SALT_MAX];
};
struct oh_srtp {
  struct half rtp, rtcp;
  enum oh_srtp_profile profile;
};

size_t oh_srtp_salt_bytes(enum oh_srtp_profile profile) {
  return profile == OH_SRTP_AEAD_AES_128_GCM ? 12 : 14;
}

void oh_srtp_derive(const uint8_t *master_key, const uint8_t *salt14, uint8_t label, uint8_t *out,
                    size_t len) {
  uint8_t iv[16] = {0};
  memcpy(iv, salt14, OH_SRTP_MASTER_SALT_MAX);
  iv[7] ^= label;
  memset(out, 0, len);
  EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
  int n = 0;
  OH_CHECK(ctx && EVP_EncryptInit_ex(ctx, EVP_aes_128_ctr(), NULL, master_key, iv) == 1);
  OH_CHECK(EVP_EncryptUpdate(ctx, out, &n, out, (int)len) == 1);
  EVP_CIPHER_CTX_free(ctx);
}

static void half_init(struct half *h, enum oh_srtp_profile profile, enum oh_cipher_engine engine,
                      const uint8_t *key, const uint8_t *salt, uint8_t first_label, uint32_t limit) {
  uint8_t session_key[OH_CIPHER_KEY_BYTES], auth[OH_CIPHER_AUTH_BYTES];
  oh_srtp_derive(key, salt, first_label, session_key, sizeof session_key);
  oh_srtp_derive(key, salt, (uint8_t)(first_label + 1), auth, sizeof auth);
  oh_srtp_derive(key, salt, (uint8_t)(first_label + 2), h->salt, oh_srtp_salt_bytes(profile));
  h->cipher = oh_cipher_open(profile, engine, session_key, auth);
  OPENSSL_cleanse(session_key, sizeof session_key);
  OPENSSL_cleanse(auth, sizeof auth);
  h->streams = (struct streams){.cap = 8, .limit = limit};
  h->streams.at = calloc(h->streams.cap, sizeof *h->streams.at);
  OH_CHECK(h->streams.at);
}

struct oh_srtp *oh_srtp_open(enum oh_srtp_profile profile, enum oh_cipher_engine engine,
                             const uint8_t *master_key, const uint8_t *master_salt, uint32_t streams_max) {
  struct oh_srtp *s = calloc(1, sizeof *s);
  OH_CHECK(s);
  s->profile = profile;
  uint8_t salt[OH_SRTP_MASTER_SALT_MAX] = {0}; // GCM: 12 bytes, filled up with zeroes (RFC 7714 11)
  memcpy(salt, master_salt, oh_srtp_salt_bytes(profile));
  half_init(&s->rtp, profile, engine, master_key, salt, 0, streams_max);
  half_init(&s->rtcp, profile, engine, master_key, salt, 3, streams_max);
  OPENSSL_cleanse(salt, sizeof salt);
  return s;
}

void oh_srtp_close(struct oh_srtp *s) {
  if (!s) return;
  oh_cipher_close(s->rtp.cipher);
  oh_cipher_close(s->rtcp.cipher);
  free(s->rtp.streams.at);
  free(s->rtcp.streams.at);
  OPENSSL_cleanse(s, sizeof *s);
  free(s);
}

// ---- streams
// -------------------------------------------------------------------------------------------------

// The place of an SSRC: its stream, or the free one where it would be put. The table is never full. SSRCs
// reach it only authenticated and are few, so a plain multiplicative hash will do.
static struct stream *place_of(const struct streams *s, uint32_t ssrc) {
  for (uint32_t i = (ssrc * 0x9E3779B1u) >> 7 & (s->cap - 1);; i = (i + 1) & (s->cap - 1))
    if (!s->at[i].used || s->at[i].ssrc == ssrc) return &s->at[i];
}

static struct stream *add_stream(struct streams *s, uint32_t ssrc) {
  if (s->used >= s->limit) return NULL;
  if ((s->used + 1) * 2 > s->cap) {
    struct streams bigger = {.cap = s->cap * 2, .used = s->used, .limit = s->limit};
    bigger.at = calloc(bigger.cap, sizeof *bigger.at);
    OH_CHECK(bigger.at);
    for (uint32_t i = 0; i < s->cap; i++)
      if (s->at[i].used) *place_of(&bigger, s->at[i].ssrc) = s->at[i];
    free(s->at);
    *s = bigger;
  }
  struct stream *stream = place_of(s, ssrc);
  *stream = (struct stream){.ssrc = ssrc, .used = true};
  s->used++;
  return stream;
}

uint64_t oh_srtp_guess(uint64_t highest, uint16_t sequence) {
  uint64_t cycle = highest & ~(uint64_t)0xffff;
  uint32_t last = (uint32_t)(highest & 0xffff);
  if (last < 0x8000) {
    if (sequence > last + 0x8000 && cycle > 0) cycle -= 0x10000;
  } else if (sequence < last - 0x8000) {
    cycle += 0x10000;
  }
  return (cycle | sequence) & 0xffffffffffffu;
}

static bool is_fresh(const struct stream *s, uint64_t index) {
  if (!s->used || index > s->highest) return true;
  uint64_t age = s->highest - index;
  return age < OH_SRTP_WINDOW && !(s->seen[age / 64] >> (age % 64) & 1);
}

static void remember(struct stream *s, uint64_t index) {
  if (index > s->highest) {
    uint64_t ahead = index - s->highest;
    if (ahead >= OH_SRTP_WINDOW)
      s->seen[0] = s->seen[1] = 0;
    else if (ahead >= 64)
      s->seen[1] = s->seen[0] << (ahead - 64), s->seen[0] = 0;
    else
      s->seen[1] = s->seen[1] << ahead | s->seen[0] >> (64 - ahead), s->seen[0] <<= ahead;
    s->highest = index;
    s->seen[0] |= 1;
  } else {
    uint64_t age = s->highest - index;
    s->seen[age / 64] |= (uint64_t)1 << (age % 64);
  }
}

static enum oh_srtp_result accept(struct half *h, struct stream *stream, uint32_t ssrc, uint64_t index) {
  if (!stream->used) {
    stream = add_stream(&h->streams, ssrc);
    if (!stream) return OH_SRTP_FULL;
    stream->highest = index;
  }
  remember(stream, index);
  return OH_SRTP_OK;
}

// ---- nonces
// --------------------------------------------------------------------------------------------------

// RFC 3711 4.1.1: salt * 2^16 xor SSRC * 2^64 xor index * 2^16, 48-bit index.
static void counter_iv(const struct half *h, uint32_t ssrc, uint64_t index, uint8_t *iv) {
  memcpy(iv, h->salt, 14);
  iv[14] = iv[15] = 0;
  for (unsigned i = 0; i < 4; i++)
    iv[4 + i] ^= (uint8_t)(ssrc >> (24 - 8 * i));
  for (unsigned i = 0; i < 6; i++)
    iv[8 + i] ^= (uint8_t)(index >> (40 - 8 * i));
}

// RFC 7714 8.1 and 9.1: two zero bytes, SSRC, six bytes of index, xored with the salt.
static void gcm_iv(const struct half *h, uint32_t ssrc, uint64_t index, uint8_t *iv) {
  memcpy(iv, h->salt, 12);
  for (unsigned i = 0; i < 4; i++)
    iv[2 + i] ^= (uint8_t)(ssrc >> (24 - 8 * i));
  for (unsigned i = 0; i < 6; i++)
    iv[6 + i] ^= (uint8_t)(index >> (40 - 8 * i));
}

static struct oh_bytes bytes(const uint8_t *data, size_t len) {
  return (struct oh_bytes){.data = data, .len = len};
}

// ---- RTP
// -----------------------------------------------------------------------------------------------------

static size_t tag_bytes(const struct oh_srtp *s) {
  return s->profile == OH_SRTP_AEAD_AES_128_GCM ? OH_CIPHER_GCM_TAG_BYTES : TAG_SHA1_80;
}

static bool sha1_matches(struct half *h, struct oh_bytes data, struct oh_bytes tail, const uint8_t *tag) {
  uint8_t digest[OH_CIPHER_AUTH_BYTES];
  oh_cipher_authenticate(h->cipher, data, tail, digest);
  return CRYPTO_memcmp(digest, tag, TAG_SHA1_80) == 0;
}

enum oh_srtp_result oh_srtp_unprotect_rtp(struct oh_srtp *s, uint8_t *data, size_t *len, size_t header_len) {
  size_t tag_len = tag_bytes(s);
  if (header_len < 12 || *len < header_len + tag_len) return OH_SRTP_MALFORMED;
  size_t payload_len = *len - header_len - tag_len;
  uint32_t ssrc = oh_load_u32_be(data + 8);
  struct stream *stream = place_of(&s->rtp.streams, ssrc);
  uint64_t index = oh_srtp_guess(stream->used ? stream->highest : 0, oh_load_u16_be(data + 2));
  if (!stream->used) index &= 0xffff;
  if (!is_fresh(stream, index)) return OH_SRTP_REPLAYED;

  uint8_t iv[16], *payload = data + header_len;
  const uint8_t *tag = payload + payload_len;
  if (s->profile == OH_SRTP_AEAD_AES_128_GCM) {
    gcm_iv(&s->rtp, ssrc, index, iv);
    if (!oh_cipher_unseal(s->rtp.cipher, iv, bytes(data, header_len), payload, payload_len, tag))
      return OH_SRTP_FORGED;
  } else {
    uint8_t cycles[4];
    oh_store_u32_be(cycles, (uint32_t)(index >> 16));
    if (!sha1_matches(&s->rtp, bytes(data, header_len + payload_len), bytes(cycles, 4), tag))
      return OH_SRTP_FORGED;
    counter_iv(&s->rtp, ssrc, index, iv);
    oh_cipher_stream(s->rtp.cipher, iv, payload, payload_len, payload);
  }
  *len = header_len + payload_len;
  return accept(&s->rtp, stream, ssrc, index);
}

size_t oh_srtp_protect_rtp(struct oh_srtp *s, uint8_t *out, size_t header_len, const uint8_t *payload,
                           size_t len, size_t capacity) {
  size_t tag_len = tag_bytes(s);
  if (header_len < 12 || header_len > capacity || capacity - header_len < len + tag_len) return 0;
  uint32_t ssrc = oh_load_u32_be(out + 8);
  uint16_t sequence = oh_load_u16_be(out + 2);
  struct stream *stream = place_of(&s->rtp.streams, ssrc);
  if (!stream->used) {
    stream = add_stream(&s->rtp.streams, ssrc);
    if (!stream) return 0;
    stream->highest = sequence;
  }
  uint64_t index = oh_srtp_guess(stream->highest, sequence);
  if (index > stream->highest) stream->highest = index;

  uint8_t iv[16], *to = out + header_len;
  if (s->profile == OH_SRTP_AEAD_AES_128_GCM) {
    gcm_iv(&s->rtp, ssrc, index, iv);
    oh_cipher_seal(s->rtp.cipher, iv, bytes(out, header_len), payload, len, to, to + len);
  } else {
    uint8_t cycles[4], digest[OH_CIPHER_AUTH_BYTES];
    counter_iv(&s->rtp, ssrc, index, iv);
    oh_cipher_stream(s->rtp.cipher, iv, payload, len, to);
    oh_store_u32_be(cycles, (uint32_t)(index >> 16));
    oh_cipher_authenticate(s->rtp.cipher, bytes(out, header_len + len), bytes(cycles, 4), digest);
    memcpy(to + len, digest, TAG_SHA1_80);
  }
  return header_len + len + tag_len;
}

// ---- RTCP
// ----------------------------------------------------------------------------------------------------

// Counter mode: header | ciphertext | E+index | tag, the tag over all before it.
static enum oh_srtp_result open_rtcp_sha1(struct oh_srtp *s, uint8_t *data, size_t plain, uint32_t ssrc,
                                          uint32_t word) {
  size_t authentic = plain + SRTCP_INDEX;
  if (!sha1_matches(&s->rtcp, bytes(data, authentic), bytes(NULL, 0), data + authentic))
    return OH_SRTP_FORGED;
  if (word & SRTCP_ENCRYPTED) {
    uint8_t iv[16];
    counter_iv(&s->rtcp, ssrc, word & ~SRTCP_ENCRYPTED, iv);
    oh_cipher_stream(s->rtcp.cipher, iv, data + RTCP_CLEAR, plain - RTCP_CLEAR, data + RTCP_CLEAR);
  }
  return OH_SRTP_OK;
}

// GCM: header | ciphertext | tag | E+index; the AAD is the header and that word, or, unencrypted, everything.
static enum oh_srtp_result open_rtcp_gcm(struct oh_srtp *s, uint8_t *data, size_t plain, uint32_t ssrc,
                                         uint32_t word) {
  uint8_t iv[16], aad[RTCP_CLEAR + SRTCP_INDEX];
  if (!(word & SRTCP_ENCRYPTED)) return OH_SRTP_FORGED; // no WebRTC implementation sends it
  gcm_iv(&s->rtcp, ssrc, word & ~SRTCP_ENCRYPTED, iv);
  memcpy(aad, data, RTCP_CLEAR);
  oh_store_u32_be(aad + RTCP_CLEAR, word);
  return oh_cipher_unseal(s->rtcp.cipher, iv, bytes(aad, sizeof aad), data + RTCP_CLEAR, plain - RTCP_CLEAR,
                          data + plain)
             ? OH_SRTP_OK
             : OH_SRTP_FORGED;
}

enum oh_srtp_result oh_srtp_unprotect_rtcp(struct oh_srtp *s, uint8_t *data, size_t *len) {
  size_t tag_len = tag_bytes(s);
  if (*len < RTCP_CLEAR + SRTCP_INDEX + tag_len) return OH_SRTP_MALFORMED;
  size_t plain = *len - SRTCP_INDEX - tag_len;
  bool gcm = s->profile == OH_SRTP_AEAD_AES_128_GCM;
  uint32_t word = oh_load_u32_be(data + (gcm ? *len - SRTCP_INDEX : plain));
  uint32_t ssrc = oh_load_u32_be(data + 4);
  struct stream *stream = place_of(&s->rtcp.streams, ssrc);
  uint64_t index = word & ~SRTCP_ENCRYPTED;
  if (!is_fresh(stream, index)) return OH_SRTP_REPLAYED;
  enum oh_srtp_result result =
      gcm ? open_rtcp_gcm(s, data, plain, ssrc, word) : open_rtcp_sha1(s, data, plain, ssrc, word);
  if (result != OH_SRTP_OK) return result;
  *len = plain;
  return accept(&s->rtcp, stream, ssrc, index);
}

size_t oh_srtp_protect_rtcp(struct oh_srtp *s, const uint8_t *compound, size_t len, uint8_t *out,
                            size_t capacity) {
  size_t tag_len = tag_bytes(s);
  if (len < RTCP_CLEAR || capacity < len + SRTCP_INDEX + tag_len) return 0;
  uint32_t ssrc = oh_load_u32_be(compound + 4);
  struct stream *stream = place_of(&s->rtcp.streams, ssrc);
  if (!stream->used) stream = add_stream(&s->rtcp.streams, ssrc);
  if (!stream || stream->highest + 1 >= SRTCP_ENCRYPTED) return 0; // 2^31 packets: the key is used up
  uint64_t index = ++stream->highest;
  uint32_t word = SRTCP_ENCRYPTED | (uint32_t)index;
  uint8_t iv[16];
  memmove(out, compound, RTCP_CLEAR);
  if (s->profile == OH_SRTP_AEAD_AES_128_GCM) {
    uint8_t aad[RTCP_CLEAR + SRTCP_INDEX];
    memcpy(aad, out, RTCP_CLEAR);
    oh_store_u32_be(aad + RTCP_CLEAR, word);
    gcm_iv(&s->rtcp, ssrc, index, iv);
    oh_cipher_seal(s->rtcp.cipher, iv, bytes(aad, sizeof aad), compound + RTCP_CLEAR, len - RTCP_CLEAR,
                   out + RTCP_CLEAR, out + len);
    oh_store_u32_be(out + len + tag_len, word);
  } else {
    uint8_t digest[OH_CIPHER_AUTH_BYTES];
    counter_iv(&s->rtcp, ssrc, index, iv);
    oh_cipher_stream(s->rtcp.cipher, iv, compound + RTCP_CLEAR, len - RTCP_CLEAR, out + RTCP_CLEAR);
    oh_store_u32_be(out + len, word);
    oh_cipher_authenticate(s->rtcp.cipher, bytes(out, len + SRTCP_INDEX), bytes(NULL, 0), digest);
    memcpy(out + len + SRTCP_INDEX, digest, TAG_SHA1_80);
  }
  return len + SRTCP_INDEX + tag_len;
}
