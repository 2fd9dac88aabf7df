// SPDX-License-Identifier: Apache-2.0
// Overwrites by OPENSSL_cleanse(), which no compiler leaves out.
#include "consumer/security/secret.h"

#include "consumer/base/must.h"

#include <openssl/crypto.h>

#include <stdlib.h>
#include <string.h>

char *secret_dup(const char *text) {
    return must_strdup(text);
}

void secret_free(char *text) {
    if (text) OPENSSL_cleanse(text, strlen(text));
    free(text);
}

void secret_reserve(struct buf *buf, size_t extra) {
    must(extra <= SIZE_MAX - buf->size);
    if (buf->capacity - buf->size >= extra) return;
    struct buf grown = { 0 };
    buf_reserve(&grown, buf->size + buf->size / 2 + extra);
    buf_append(&grown, buf->data, buf->size);
    secret_dispose(buf);
    *buf = grown;
}

void secret_append(struct buf *buf, const void *data, size_t size) {
    secret_reserve(buf, size);
    buf_append(buf, data, size);
}

void secret_append_string(struct buf *buf, const char *text) {
    if (text) secret_append(buf, text, strlen(text));
}

void secret_dispose(struct buf *buf) {
    if (buf->data) OPENSSL_cleanse(buf->data, buf->capacity);
    buf_dispose(buf);
}
