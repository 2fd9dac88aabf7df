// SPDX-License-Identifier: Apache-2.0
// The snapshot: what it owns lives as long as somebody has it (a leak or a use of freed memory is
// for the sanitizers to find).
#include "consumer/security/sasl.h"
#include "consumer/security/security.h"
#include "consumer/security/tls_context.h"
#include "tests/unit/suite.h"

START_TEST(a_snapshot_lives_until_the_last_reference_is_gone) {
    char error[TLS_ERROR_BYTES] = "";
    struct tls_options tls = { 0 };
    struct sasl_options sasl = { .mechanism = "PLAIN", .username = "u", .password = "p" };
    struct tls_context *context = tls_context_new(&tls, error);
    struct sasl_credentials *credentials = sasl_credentials_new(&sasl, error);
    ck_assert_msg(context && credentials, "%s", error);
    struct security *security = security_new_take(SECURITY_SASL_SSL, context, credentials);
    ck_assert_ptr_eq(security_ref(security), security);
    security_unref(security);
    ck_assert_str_eq(sasl_credentials_mechanism(security->sasl), "PLAIN");
    ck_assert_int_eq(tls_context_expires_at_ms(security->tls), 0);
    security_unref(security);
    security_unref(NULL);
}

END_TEST

START_TEST(a_protocol_says_what_it_is_made_of) {
    static const struct {
        enum security_protocol protocol;
        bool has_tls;
        bool has_sasl;
    } protocols[] = {
        { SECURITY_PLAINTEXT, false, false },
        { SECURITY_SSL, true, false },
        { SECURITY_SASL_PLAINTEXT, false, true },
        { SECURITY_SASL_SSL, true, true },
    };

    for (size_t i = 0; i < sizeof protocols / sizeof protocols[0]; i++) {
        ck_assert_int_eq(security_has_tls(protocols[i].protocol), protocols[i].has_tls);
        ck_assert_int_eq(security_has_sasl(protocols[i].protocol), protocols[i].has_sasl);
    }
}

END_TEST

SUITE(security) {
    Suite *s = suite_create("security");
    ADD_CASE(
        s,
        "security snapshot",
        a_snapshot_lives_until_the_last_reference_is_gone,
        a_protocol_says_what_it_is_made_of
    );
    return s;
}
