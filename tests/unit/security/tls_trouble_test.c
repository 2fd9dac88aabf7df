// SPDX-License-Identifier: Apache-2.0
// Each failure has its kind and its sentence, whichever version of TLS tells it.
#include "consumer/security/tls.h"
#include "tests/unit/security/tls_rig.h"
#include "tests/unit/suite.h"

#include <openssl/err.h>

#include <stdlib.h>
#include <string.h>

static void expect_failure(struct tls *tls, enum tls_failure failure, const char *words) {
    ck_assert_msg(tls_state(tls) == TLS_FAILED, "state %d", tls_state(tls));
    ck_assert_msg(
        tls_failure_of(tls) == failure,
        "%s (%s), expected %s",
        tls_failure_name(tls_failure_of(tls)),
        tls_why(tls),
        tls_failure_name(failure)
    );
    ck_assert_msg(strstr(tls_why(tls), words) != NULL, "%s lacks %s", tls_why(tls), words);
    ck_assert_uint_eq(ERR_peek_error(), 0);
}

// Connects to a broker whose certificate is of the test's own making.
static void expect_verdict(
    const struct identity_options *options, enum tls_failure failure, const char *words
) {
    struct tls_world world;
    tls_world_init(&world, false);
    struct identity_options signed_by_ca = *options;
    if (options->issuer == NULL && !options->is_ca) signed_by_ca.issuer = &world.ca;
    struct identity identity = identity_make(&signed_by_ca);
    tls_broker_dispose(&world.broker);
    tls_broker_init(&world.broker, &identity, NULL, NULL);
    struct tls_context *context = tls_rig_context(&world.options);
    struct tls *tls = tls_world_connect(&world, context, "broker.test");
    expect_failure(tls, failure, words);
    ck_assert(tls_facts(tls) == NULL);
    tls_free(tls);
    tls_context_free(context);
    identity_dispose(&identity);
    tls_world_dispose(&world);
}

START_TEST(a_certificate_of_another_ca_is_told_with_the_ca_s_name) {
    struct identity other =
        identity_make(&(struct identity_options){ .name = "Other CA", .is_ca = true });
    expect_verdict(
        &(struct identity_options){ .name = "b", .hosts = "DNS:broker.test", .issuer = &other },
        TLS_UNKNOWN_CA,
        "the broker's certificate (CN=b) comes from a CA (CN=Other CA) that is not among those of "
        "ssl.ca.location"
    );
    identity_dispose(&other);
}

END_TEST

START_TEST(a_ca_made_anew_under_the_old_name_is_an_unknown_one) {
    struct identity other =
        identity_make(&(struct identity_options){ .name = "Test CA", .is_ca = true });
    expect_verdict(
        &(struct identity_options){ .name = "b", .hosts = "DNS:broker.test", .issuer = &other },
        TLS_UNKNOWN_CA,
        "(CN=Test CA) that is not among"
    );
    identity_dispose(&other);
}

END_TEST

START_TEST(a_certificate_signed_by_itself_is_told) {
    expect_verdict(
        &(struct identity_options){ .name = "b", .hosts = "DNS:broker.test", .is_ca = true },
        TLS_UNKNOWN_CA,
        "(CN=b) is signed by itself and is not among those of ssl.ca.location"
    );
}

END_TEST

START_TEST(an_expired_certificate_is_told_with_its_date) {
    expect_verdict(
        &(struct identity_options
        ){ .name = "b", .hosts = "DNS:broker.test", .from_days = -9, .to_days = -2 },
        TLS_EXPIRED,
        "the broker's certificate (CN=b) expired at 20"
    );
}

END_TEST

START_TEST(a_certificate_of_the_future_is_told_with_its_date) {
    expect_verdict(
        &(struct identity_options){ .name = "b", .hosts = "DNS:broker.test", .from_days = 3 },
        TLS_NOT_YET_VALID,
        "(CN=b) is not valid before 20"
    );
}

END_TEST

START_TEST(a_certificate_for_other_hosts_is_told_with_their_names) {
    expect_verdict(
        &(struct identity_options){ .name = "b", .hosts = "DNS:a.test,DNS:*.b.test,IP:10.0.0.1" },
        TLS_WRONG_HOST,
        "the broker's certificate is for a.test, *.b.test, 10.0.0.1, not for broker.test"
    );
}

END_TEST

START_TEST(of_many_hosts_a_few_are_named) {
    expect_verdict(
        &(struct identity_options
        ){ .name = "b", .hosts = "DNS:h1,DNS:h2,DNS:h3,DNS:h4,DNS:h5,DNS:h6,DNS:h7,DNS:h8" },
        TLS_WRONG_HOST,
        "is for h1, h2, h3, h4, h5, h6, and 2 more, not for"
    );
}

END_TEST

START_TEST(names_in_a_certificate_cannot_write_into_a_log) {
    expect_verdict(
        &(struct identity_options){ .name = "b\n\x1b[2Jx", .hosts = NULL },
        TLS_WRONG_HOST,
        "is for CN=b\\0A\\1B[2Jx, not for"
    );
}

END_TEST

static const struct {
    int version;
    bool has_certificate;
    int alert;
    enum tls_failure failure;
    const char *words;
} refusals[] = {
    { TLS1_2_VERSION, false, 0, TLS_CERTIFICATE_REQUIRED, "and none is configured" },
    { TLS1_3_VERSION, false, 0, TLS_CERTIFICATE_REQUIRED, "and none is configured" },
    { TLS1_2_VERSION, true, X509_V_ERR_CERT_REJECTED, TLS_CLIENT_REFUSED, "(bad certificate)" },
    { TLS1_3_VERSION, true, X509_V_ERR_CERT_REJECTED, TLS_CLIENT_REFUSED, "(bad certificate)" },
    { TLS1_3_VERSION, false, X509_V_ERR_CERT_REJECTED, TLS_CERTIFICATE_REQUIRED, "none is" },
    { TLS1_2_VERSION, true, X509_V_ERR_INVALID_CA, TLS_CLIENT_REFUSED, "(unknown CA)" },
    { TLS1_3_VERSION, true, X509_V_ERR_INVALID_CA, TLS_CLIENT_REFUSED, "(unknown CA)" },
    { TLS1_3_VERSION, true, X509_V_ERR_CERT_REVOKED, TLS_CLIENT_REFUSED, "(certificate revoked)" },
    { TLS1_3_VERSION, true, X509_V_ERR_INVALID_PURPOSE, TLS_CLIENT_REFUSED, "(unsupported" },
    { TLS1_3_VERSION, true, X509_V_ERR_APPLICATION_VERIFICATION, TLS_CLIENT_REFUSED, "(handshake" },
    { TLS1_2_VERSION, true, X509_V_ERR_CERT_HAS_EXPIRED, TLS_CLIENT_EXPIRED, "has expired" },
    { TLS1_3_VERSION, true, X509_V_ERR_CERT_HAS_EXPIRED, TLS_CLIENT_EXPIRED, "has expired" },
};

static int chosen_verdict;

static int refuse_all(X509_STORE_CTX *chain, void *arg) {
    (void)arg;
    X509_STORE_CTX_set_error(chain, chosen_verdict);
    return 0;
}

START_TEST(a_broker_s_refusal_of_the_client_is_told_in_either_version) {
    struct tls_world world;
    tls_world_init(&world, true);
    if (refusals[_i].has_certificate) tls_world_identify(&world);
    SSL_CTX *broker = world.broker.context;
    (void)SSL_CTX_set_min_proto_version(broker, refusals[_i].version);
    (void)SSL_CTX_set_max_proto_version(broker, refusals[_i].version);
    chosen_verdict = refusals[_i].alert;
    if (chosen_verdict) SSL_CTX_set_cert_verify_callback(broker, refuse_all, NULL);
    tls_broker_again(&world.broker);
    struct tls_context *context = tls_rig_context(&world.options);
    struct tls *tls = tls_world_connect(&world, context, "broker.test");
    expect_failure(tls, refusals[_i].failure, refusals[_i].words);
    // pitfall 93: in TLS 1.3 the client's handshake was over before the refusal came
    ck_assert((tls_facts(tls) != NULL) == (refusals[_i].version == TLS1_3_VERSION));
    tls_free(tls);
    tls_context_free(context);
    tls_world_dispose(&world);
}

END_TEST

static void let_client_expire(struct tls_world *world) {
    identity_dispose(&world->client_identity);
    world->client_identity = identity_make(&(struct identity_options
    ){ .name = "client", .issuer = &world->ca, .from_days = -9, .to_days = -2 });
    free(world->client_pem);
    free(world->client_key_pem);
    world->client_pem = tls_rig_pem(world->client_identity.certificate, NULL);
    world->client_key_pem = tls_rig_key_pem(world->client_identity.key, NULL);
}

START_TEST(an_expired_client_certificate_is_told_whatever_the_alert_says) {
    struct tls_world world;
    tls_world_init(&world, true);
    let_client_expire(&world);
    tls_world_identify(&world);
    chosen_verdict = X509_V_ERR_CERT_REJECTED;
    SSL_CTX_set_cert_verify_callback(world.broker.context, refuse_all, NULL);
    tls_broker_again(&world.broker);
    struct tls_context *context = tls_rig_context(&world.options);
    struct tls *tls = tls_world_connect(&world, context, "broker.test");
    expect_failure(tls, TLS_CLIENT_EXPIRED, "the client certificate has expired");
    tls_free(tls);
    tls_context_free(context);
    tls_world_dispose(&world);
}

END_TEST

START_TEST(a_client_certificate_of_a_kind_that_is_not_asked_for_is_told) {
    struct tls_world world;
    tls_world_init(&world, true);
    tls_world_identify(&world);
    (void)SSL_CTX_set1_client_sigalgs_list(world.broker.context, "RSA-PSS+SHA256");
    tls_broker_again(&world.broker);
    struct tls_context *context = tls_rig_context(&world.options);
    struct tls *tls = tls_world_connect(&world, context, "broker.test");
    expect_failure(tls, TLS_CERTIFICATE_REQUIRED, "is of no kind that it asks for");
    tls_free(tls);
    tls_context_free(context);
    tls_world_dispose(&world);
}

END_TEST

START_TEST(a_close_in_place_of_the_alert_for_a_missing_certificate_is_told_too) {
    struct tls_world world;
    tls_world_init(&world, true);
    struct tls_context *context = tls_rig_context(&world.options);
    struct tls *tls = tls_new(context, "broker.test", 9093);
    ck_assert_int_eq(tls_begin(tls), TLS_HANDSHAKING);
    while (tls_state(tls) == TLS_HANDSHAKING)
        (void)tls_rig_turn(tls, &world.broker, NULL);
    ck_assert_int_eq(tls_state(tls), TLS_OPEN);
    ck_assert(tls_facts(tls)->is_client_certificate_asked);
    ck_assert_int_eq(tls_on_closed(tls), TLS_FAILED);
    expect_failure(tls, TLS_CERTIFICATE_REQUIRED, "none is configured");
    tls_free(tls);
    tls_context_free(context);
    tls_world_dispose(&world);
}

END_TEST

static void expect_trouble(struct tls_world *world, enum tls_failure failure, const char *words) {
    tls_broker_again(&world->broker);
    struct tls_context *context = tls_rig_context(&world->options);
    struct tls *tls = tls_world_connect(world, context, "broker.test");
    expect_failure(tls, failure, words);
    tls_free(tls);
    tls_context_free(context);
}

START_TEST(no_common_cipher_is_told) {
    struct tls_world world;
    tls_world_init(&world, false);
    (void)SSL_CTX_set_max_proto_version(world.broker.context, TLS1_2_VERSION);
    (void)SSL_CTX_set_cipher_list(world.broker.context, "ECDHE-ECDSA-AES128-GCM-SHA256");
    world.options.cipher_suites = "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384";
    expect_trouble(&world, TLS_NO_COMMON_CIPHER, "shares no cipher suite");
    tls_world_dispose(&world);
}

END_TEST

START_TEST(no_common_version_is_told_with_ours) {
    struct tls_world world;
    tls_world_init(&world, false);
    (void)SSL_CTX_set_max_proto_version(world.broker.context, TLS1_2_VERSION);
    world.options.enabled_protocols = "TLSv1.3";
    expect_trouble(&world, TLS_PROTOCOL_VERSION, "speaks none of the versions TLSv1.3");
    (void)SSL_CTX_set_max_proto_version(world.broker.context, 0);
    (void)SSL_CTX_set_min_proto_version(world.broker.context, TLS1_3_VERSION);
    world.options.enabled_protocols = "TLSv1.2";
    expect_trouble(&world, TLS_PROTOCOL_VERSION, "speaks none of the versions TLSv1.2");
    tls_world_dispose(&world);
}

END_TEST

#define TEXT(literal) literal, sizeof(literal) - 1

static const struct {
    const char *bytes;
    size_t size;
    enum tls_failure failure;
    const char *words;
} greetings[] = {
    { TEXT("HTTP/1.1 400 Bad Request\r\n\r\n"), TLS_NOT_TLS, "it is an HTTP server" },
    { TEXT("SSH-2.0-OpenSSH_9.2\r\n"), TLS_NOT_TLS, "it is an SSH server" },
    { TEXT("\0\0\0\x0a\0\0\0\x01\0\x23\0\0\0\0"), TLS_NOT_TLS, "00 00 00 0a 00 00 00 01" },
    { TEXT("\x16\x02\x01\0\x05hello"), TLS_NOT_TLS, "plaintext listener" },
    { TEXT("\x15\x03\x03\0\x02\x02\x28"), TLS_NO_COMMON_CIPHER, "handshake failure" },
    { TEXT("\x15\x03\x03\0\x02\x02\x46"), TLS_PROTOCOL_VERSION, "TLSv1.2, TLSv1.3" },
    { TEXT("\x15\x03\x03\0\x02\x02\x47"), TLS_NO_COMMON_CIPHER, "insufficient security" },
    { TEXT("\x15\x03\x03\0\x02\x02\x70"), TLS_PROTOCOL_ERROR, "112 (unrecognized name)" },
    { TEXT("\x15\x03\x03\0\x02\x02\x30"), TLS_PROTOCOL_ERROR, "48 (unknown CA)" },
    { TEXT("\x15\x03\x03\0\x02\x01\0"), TLS_CLOSED_IN_HANDSHAKE, "closed the connection in" },
    { TEXT("\x15\x03\x03\0\x02\x02\xee"), TLS_PROTOCOL_ERROR, "alert 238" },
    { TEXT("\x16\x03\x03\0\x05hello"), TLS_PROTOCOL_ERROR, "is not as TLS has it" },
    { TEXT("\x17\x03\x03\0\x05hello"), TLS_PROTOCOL_ERROR, "is not as TLS has it" },
    { TEXT("\x16\x03\x03\xff\xffhello"), TLS_PROTOCOL_ERROR, "is not as TLS has it" },
};

START_TEST(what_is_no_answer_to_a_client_hello_is_named) {
    struct tls_world world;
    tls_world_init(&world, false);
    struct tls_context *context = tls_rig_context(&world.options);
    struct tls *tls = tls_new(context, "broker.test", 9093);
    ck_assert_int_eq(tls_begin(tls), TLS_HANDSHAKING);
    tls_rig_deliver(tls, greetings[_i].bytes, greetings[_i].size);
    expect_failure(tls, greetings[_i].failure, greetings[_i].words);
    tls_free(tls);
    tls_context_free(context);
    tls_world_dispose(&world);
}

END_TEST

// Brokers of Kafka 2.8 send what their buffer holds, 16,709 bytes, before the alert of a handshake
// that failed: zeros, or their last flight once more.
START_TEST(an_alert_behind_the_stale_buffer_of_an_old_broker_is_heard) {
    struct tls_world world;
    tls_world_init(&world, false);
    struct tls_context *context = tls_rig_context(&world.options);
    struct tls *tls = tls_new(context, "broker.test", 9093);
    ck_assert_int_eq(tls_begin(tls), TLS_HANDSHAKING);
    uint8_t zeros[16709] = { 0 };
    tls_rig_deliver(tls, zeros, sizeof zeros);
    ck_assert_int_eq(tls_state(tls), TLS_HANDSHAKING);
    tls_rig_deliver(tls, TEXT("\x15\x03\x03\0\x02\x02\x46"));
    expect_failure(tls, TLS_PROTOCOL_VERSION, "TLSv1.2, TLSv1.3");
    tls_free(tls);
    tls_context_free(context);
    tls_world_dispose(&world);
}

END_TEST

START_TEST(zeros_are_not_borne_for_ever) {
    struct tls_world world;
    tls_world_init(&world, false);
    struct tls_context *context = tls_rig_context(&world.options);
    struct tls *tls = tls_new(context, "broker.test", 9093);
    ck_assert_int_eq(tls_begin(tls), TLS_HANDSHAKING);
    uint8_t zeros[4096] = { 0 };
    for (int i = 0; i < 100 && tls_state(tls) == TLS_HANDSHAKING; i++)
        tls_rig_deliver(tls, zeros, sizeof zeros);
    expect_failure(tls, TLS_NOT_TLS, "00 00 00 00");
    tls_free(tls);
    tls_context_free(context);
    tls_world_dispose(&world);
}

END_TEST

static const struct {
    int version;
    bool has_certificate;
    bool is_expired;
    enum tls_failure failure;
    const char *words;
} stale_refusals[] = {
    { TLS1_2_VERSION, false, false, TLS_CERTIFICATE_REQUIRED, "none is configured" },
    { TLS1_3_VERSION, false, false, TLS_CERTIFICATE_REQUIRED, "none is configured" },
    { TLS1_2_VERSION, true, false, TLS_CLIENT_REFUSED, "seems to refuse the client certificate" },
    { TLS1_3_VERSION, true, false, TLS_CLIENT_REFUSED, "seems to refuse the client certificate" },
    { TLS1_2_VERSION, true, true, TLS_CLIENT_EXPIRED, "the client certificate has expired" },
    { TLS1_3_VERSION, true, true, TLS_CLIENT_EXPIRED, "the client certificate has expired" },
};

START_TEST(a_refusal_hidden_by_the_stale_buffer_of_an_old_broker_is_told) {
    struct tls_world world;
    tls_world_init(&world, true);
    if (stale_refusals[_i].is_expired) let_client_expire(&world);
    if (stale_refusals[_i].has_certificate) tls_world_identify(&world);
    (void)SSL_CTX_set_max_proto_version(world.broker.context, stale_refusals[_i].version);
    tls_broker_again(&world.broker);
    struct tls_context *context = tls_rig_context(&world.options);
    struct tls *tls = tls_new(context, "broker.test", 9093);
    struct buf flight = { 0 };
    (void)tls_begin(tls);
    tls_rig_answer(tls, &world.broker, &flight);
    tls_rig_deliver(tls, flight.data, flight.size);
    ck_assert_int_ne(tls_state(tls), TLS_FAILED);
    tls_rig_deliver(tls, flight.data, flight.size);
    expect_failure(tls, stale_refusals[_i].failure, stale_refusals[_i].words);
    buf_dispose(&flight);
    tls_free(tls);
    tls_context_free(context);
    tls_world_dispose(&world);
}

END_TEST

static void expect_closed(
    const char *bytes, size_t size, enum tls_failure kind, const char *words
) {
    struct tls_world world;
    tls_world_init(&world, false);
    struct tls_context *context = tls_rig_context(&world.options);
    struct tls *tls = tls_new(context, "broker.test", 9093);
    ck_assert_int_eq(tls_begin(tls), TLS_HANDSHAKING);
    tls_rig_deliver(tls, bytes, size);
    ck_assert_int_eq(tls_state(tls), TLS_HANDSHAKING);
    ck_assert_int_eq(tls_on_closed(tls), TLS_FAILED);
    expect_failure(tls, kind, words);
    tls_free(tls);
    tls_context_free(context);
    tls_world_dispose(&world);
}

START_TEST(a_close_in_the_handshake_is_told_by_what_came_before_it) {
    expect_closed("", 0, TLS_CLOSED_IN_HANDSHAKE, "is it a plaintext listener?");
    expect_closed("HT", 2, TLS_NOT_TLS, "48 54");
    expect_closed("\x16\x03\x03", 3, TLS_CLOSED_IN_HANDSHAKE, "the broker closed the connection");
}

END_TEST

START_TEST(a_failed_machine_refuses_everything_calmly) {
    struct tls_world world;
    tls_world_init(&world, false);
    struct tls_context *context = tls_rig_context(&world.options);
    struct tls *tls = tls_new(context, "broker.test", 9093);
    (void)tls_begin(tls);
    struct buf output = { 0 };
    ck_assert(tls_take_output(tls, &output));
    buf_dispose(&output);
    tls_rig_deliver(tls, TEXT("\x16\x03\x03\0\x05hello"));
    expect_failure(tls, TLS_PROTOCOL_ERROR, "is not as TLS has it");
    ck_assert(tls_take_output(tls, &output)); // the alert for the peer
    ck_assert_uint_eq(output.data[0], 0x15);
    buf_dispose(&output);
    uint8_t byte = 0;
    tls_rig_deliver(tls, TEXT("more"));
    tls_write(tls, SLICE_LITERAL("plain"));
    ck_assert_uint_eq(tls_read(tls, &byte, 1), 0);
    tls_end(tls);
    ck_assert_int_eq(tls_begin(tls), TLS_FAILED);
    ck_assert_int_eq(tls_on_closed(tls), TLS_FAILED);
    ck_assert(!tls_take_output(tls, &output));
    expect_failure(tls, TLS_PROTOCOL_ERROR, "is not as TLS has it");
    tls_free(tls);
    tls_context_free(context);
    tls_world_dispose(&world);
}

END_TEST

SUITE(tls_trouble) {
    Suite *s = suite_create("security/tls_trouble");
    ADD_CASE(
        s,
        "the broker's certificate",
        a_certificate_of_another_ca_is_told_with_the_ca_s_name,
        a_ca_made_anew_under_the_old_name_is_an_unknown_one,
        a_certificate_signed_by_itself_is_told,
        an_expired_certificate_is_told_with_its_date,
        a_certificate_of_the_future_is_told_with_its_date,
        a_certificate_for_other_hosts_is_told_with_their_names,
        of_many_hosts_a_few_are_named,
        names_in_a_certificate_cannot_write_into_a_log
    );
    ADD_CASE(
        s,
        "the client's certificate",
        an_expired_client_certificate_is_told_whatever_the_alert_says,
        a_client_certificate_of_a_kind_that_is_not_asked_for_is_told,
        a_close_in_place_of_the_alert_for_a_missing_certificate_is_told_too
    );
    ADD_CASE(
        s,
        "handshake",
        no_common_cipher_is_told,
        no_common_version_is_told_with_ours,
        a_close_in_the_handshake_is_told_by_what_came_before_it,
        a_failed_machine_refuses_everything_calmly,
        an_alert_behind_the_stale_buffer_of_an_old_broker_is_heard,
        zeros_are_not_borne_for_ever
    );
    TCase *tables = tcase_create("tables");
    tcase_add_loop_test(
        tables,
        a_broker_s_refusal_of_the_client_is_told_in_either_version,
        0,
        sizeof refusals / sizeof *refusals
    );
    tcase_add_loop_test(
        tables,
        what_is_no_answer_to_a_client_hello_is_named,
        0,
        sizeof greetings / sizeof *greetings
    );
    tcase_add_loop_test(
        tables,
        a_refusal_hidden_by_the_stale_buffer_of_an_old_broker_is_told,
        0,
        sizeof stale_refusals / sizeof *stale_refusals
    );
    suite_add_tcase(s, tables);
    return s;
}
