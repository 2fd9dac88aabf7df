// SPDX-License-Identifier: Apache-2.0
// libFuzzer: any bytes in the place of a broker's, from any place of an honest handshake on; any
// bytes as a certificate that is to be described; any bytes as what a user hands over.
#include "consumer/base/must.h"
#include "consumer/security/tls_certificate.h"
#include "tests/unit/security/tls_rig.h"

#include <openssl/err.h>
#include <openssl/x509.h>

#include <string.h>

enum mode { MACHINE, MACHINE_DAMAGED, CERTIFICATE, STORE, MODES };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect_text(const char *text, size_t most) {
    size_t size = strnlen(text, most);
    must(size < most);
    for (size_t i = 0; i < size; i++)
        must(text[i] >= ' ' && text[i] <= '~');
}

static void expect_sound(struct tls *tls) {
    bool has_failed = tls_state(tls) == TLS_FAILED;
    must(has_failed == (tls_failure_of(tls) != TLS_NO_FAILURE));
    must(has_failed == (tls_why(tls)[0] != '\0'));
    must(ERR_peek_error() == 0);
    expect_text(tls_why(tls), TLS_WHY_BYTES);
}

// Two bytes say where the broker's bytes are replaced by the input's, or damaged with them.
static void run_machine(
    struct tls_world *world, struct tls_context *context, struct slice in, bool is_damage
) {
    if (in.size < 2) return;
    size_t honest = (size_t)in.data[0] << 8 | in.data[1];
    struct slice rest = { in.data + 2, in.size - 2 };
    tls_broker_again(&world->broker);
    struct tls *tls = tls_new(context, "broker.test", 9093);
    (void)tls_begin(tls);
    struct buf flight = { 0 };
    tls_rig_answer(tls, &world->broker, &flight);
    while (flight.size > 0 && honest >= flight.size) {
        honest -= flight.size;
        tls_rig_deliver(tls, flight.data, flight.size);
        buf_clear(&flight);
        tls_rig_answer(tls, &world->broker, &flight);
    }
    if (honest > flight.size) honest = flight.size;
    tls_rig_deliver(tls, flight.data, honest);
    for (size_t i = 0; is_damage && i < rest.size && honest + i < flight.size; i++)
        flight.data[honest + i] ^= rest.data[i];
    if (is_damage) {
        struct slice left = buf_slice(&flight);
        tls_rig_deliver(tls, left.data + honest, left.size - honest);
    } else {
        tls_rig_deliver(tls, rest.data, rest.size);
    }
    expect_sound(tls);
    if (tls_state(tls) != TLS_HANDSHAKING) tls_write(tls, rest);
    tls_end(tls);
    (void)tls_on_closed(tls);
    expect_sound(tls);
    buf_dispose(&flight);
    tls_free(tls);
}

static void run_certificate(struct slice in) {
    const unsigned char *at = in.data;
    X509 *certificate = d2i_X509(NULL, &at, (long)in.size);
    ERR_clear_error();
    if (!certificate) return;
    char text[100];
    for (size_t size = 8; size <= sizeof text; size += 46) {
        tls_certificate_name(X509_get_issuer_name(certificate), text, size);
        expect_text(text, size);
        tls_certificate_hosts(certificate, text, size);
        expect_text(text, size);
    }
    tls_certificate_time(X509_get0_notBefore(certificate), text, sizeof text);
    expect_text(text, sizeof text);
    (void)tls_certificate_expires_at_ms(certificate);
    X509_free(certificate);
    ERR_clear_error();
}

static void run_store(struct slice in) {
    struct tls_source source = { in, "property" };
    struct tls_options options[] = {
        { .trust = source },
        { .keystore = source, .keystore_password = "secret", .key_password = "secret" },
        { .certificate = source, .key = source },
    };
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        char error[TLS_ERROR_BYTES];
        struct tls_context *context = tls_context_new(&options[i], error);
        must((context != NULL) == (error[0] == '\0'));
        expect_text(error, TLS_ERROR_BYTES);
        must(strstr(error, "secret") == NULL && ERR_peek_error() == 0);
        tls_context_free(context);
    }
}

// The first byte chooses the mode and the broker's version, as far as there is one.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct tls_world world;
    static struct tls_context *context;
    if (!context) {
        tls_world_init(&world, true);
        tls_world_identify(&world);
        context = tls_rig_context(&world.options);
    }
    if (size == 0) return 0;
    struct slice in = { data + 1, size - 1 };
    enum mode mode = (enum mode)(data[0] % MODES);
    int version = data[0] & 0x80 ? TLS1_2_VERSION : TLS1_3_VERSION;
    (void)SSL_CTX_set_max_proto_version(world.broker.context, version);
    if (mode == CERTIFICATE) {
        run_certificate(in);
    } else if (mode == STORE) {
        run_store(in);
    } else {
        run_machine(&world, context, in, mode == MACHINE_DAMAGED);
    }
    return 0;
}
