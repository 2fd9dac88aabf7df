// SPDX-License-Identifier: Apache-2.0
// Copies once each way: staged bytes into OpenSSL's record buffer, records into the output. A
// method with an index of its own would be taken from a global stock of about a hundred, so this
// one has none.
#include "consumer/security/tls_transport.h"

#include "consumer/base/must.h"
#include "consumer/security/tls_parts.h"

#include <openssl/bio.h>

#include <string.h>

static int on_read(BIO *bio, char *data, size_t size, size_t *count) {
    struct tls *tls = BIO_get_data(bio);
    size_t staged = tls->staged_to - tls->staged_from;
    BIO_clear_retry_flags(bio);
    if (staged == 0) {
        BIO_set_retry_read(bio);
        return 0;
    }
    *count = size < staged ? size : staged;
    memcpy(data, tls->staging + tls->staged_from, *count);
    tls->staged_from += *count;
    return 1;
}

static int on_write(BIO *bio, const char *data, size_t size, size_t *count) {
    struct tls *tls = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    buf_append(&tls->output, data, size);
    *count = size;
    return 1;
}

static long on_control(BIO *bio, int command, long number, void *pointer) {
    (void)bio, (void)number, (void)pointer;
    return command == BIO_CTRL_FLUSH;
}

BIO_METHOD *tls_transport_new(void) {
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "connection");
    must(method != NULL);
    int set = BIO_meth_set_read_ex(method, on_read) + BIO_meth_set_write_ex(method, on_write) +
              BIO_meth_set_ctrl(method, on_control);
    must(set == 3);
    return method;
}

void tls_transport_free(BIO_METHOD *method) {
    BIO_meth_free(method);
}
