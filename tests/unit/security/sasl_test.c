// SPDX-License-Identifier: Apache-2.0
// What all SASL mechanisms have in common, and PLAIN.
#include "consumer/security/sasl.h"
#include "tests/unit/suite.h"

#include <string.h>

static const struct sasl_options plain = {
    .mechanism = "PLAIN",
    .username = "alice",
    .password = "s\xc3\xa9same",
};

static struct sasl_credentials *credentials_of(const struct sasl_options *options) {
    char error[SASL_ERROR_BYTES] = "";
    struct sasl_credentials *credentials = sasl_credentials_new(options, error);
    ck_assert_msg(credentials != NULL, "%s", error);
    ck_assert_str_eq(error, "");
    return credentials;
}

START_TEST(plain_sends_name_and_password_and_takes_the_answer_for_a_yes) {
    struct sasl_credentials *credentials = credentials_of(&plain);
    ck_assert_str_eq(sasl_credentials_mechanism(credentials), "PLAIN");
    struct sasl *sasl = sasl_new(credentials, "broker.test");
    ck_assert_str_eq(sasl_mechanism(sasl), "PLAIN");
    struct buf message = { 0 };
    ck_assert_int_eq(sasl_first(sasl, 0, &message), SASL_SEND);
    ck_assert(slice_equal(buf_slice(&message), SLICE_LITERAL("\0alice\0s\xc3\xa9same")));
    buf_clear(&message);
    ck_assert_int_eq(sasl_next(sasl, SLICE_NULL, &message), SASL_DONE);
    ck_assert_uint_eq(message.size, 0);
    ck_assert_str_eq(sasl_why(sasl), "");
    buf_dispose(&message);
    sasl_free(sasl);
    sasl_credentials_free(credentials);
}

END_TEST

START_TEST(a_message_is_appended_to_what_is_there) {
    struct sasl_credentials *credentials = credentials_of(&plain);
    struct sasl *sasl = sasl_new(credentials, "broker.test");
    struct buf message = { 0 };
    buf_append(&message, "before", 6);
    ck_assert_int_eq(sasl_first(sasl, 0, &message), SASL_SEND);
    ck_assert(slice_equal(buf_slice(&message), SLICE_LITERAL("before\0alice\0s\xc3\xa9same")));
    buf_dispose(&message);
    sasl_free(sasl);
    sasl_credentials_free(credentials);
}

END_TEST

START_TEST(an_answer_after_the_end_fails) {
    struct sasl_credentials *credentials = credentials_of(&plain);
    struct sasl *sasl = sasl_new(credentials, "broker.test");
    struct buf message = { 0 };
    ck_assert_int_eq(sasl_first(sasl, 0, &message), SASL_SEND);
    ck_assert_int_eq(sasl_next(sasl, SLICE_LITERAL(""), &message), SASL_DONE);
    ck_assert_int_eq(sasl_next(sasl, SLICE_LITERAL(""), &message), SASL_FAILED);
    ck_assert_str_eq(
        sasl_why(sasl), "SASL PLAIN: the broker answered after the end of the exchange"
    );
    buf_dispose(&message);
    sasl_free(sasl);
    sasl_credentials_free(credentials);
}

END_TEST

START_TEST(an_answer_of_any_length_is_bounded) {
    static const uint8_t bytes[64 * 1024 + 1];
    struct sasl_credentials *credentials = credentials_of(&plain);
    struct sasl *sasl = sasl_new(credentials, "broker.test");
    struct buf message = { 0 };
    ck_assert_int_eq(sasl_first(sasl, 0, &message), SASL_SEND);
    struct slice answer = { bytes, sizeof bytes };
    ck_assert_int_eq(sasl_next(sasl, answer, &message), SASL_FAILED);
    ck_assert_str_eq(sasl_why(sasl), "SASL PLAIN: the broker's answer has 65537 bytes");
    buf_dispose(&message);
    sasl_free(sasl);
    sasl_credentials_free(credentials);
}

END_TEST

static const struct {
    struct sasl_options options;
    const char *error;
} faults[] = {
    { { .mechanism = "PLAIN", .password = "x" },
      "sasl.username: PLAIN needs a user name and a password" },
    { { .mechanism = "PLAIN", .username = "", .password = "x" },
      "sasl.username: PLAIN needs a user name and a password" },
    { { .mechanism = "PLAIN", .username = "u" },
      "sasl.password: PLAIN needs a user name and a password" },
    { { .mechanism = "PLAIN", .username = "u", .password = "" },
      "sasl.password: PLAIN needs a user name and a password" },
    { { .mechanism = "plain", .username = "u", .password = "x" },
      "sasl.mechanism: must be one of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER, "
      "AWS_MSK_IAM" },
    { { .mechanism = NULL },
      "sasl.mechanism: must be one of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER, "
      "AWS_MSK_IAM" },
};

START_TEST(what_is_missing_is_named) {
    char error[SASL_ERROR_BYTES] = "";
    ck_assert_ptr_null(sasl_credentials_new(&faults[_i].options, error));
    ck_assert_str_eq(error, faults[_i].error);
}

END_TEST

START_TEST(nothing_is_freed_when_there_is_nothing) {
    sasl_free(NULL);
    sasl_credentials_free(NULL);
}

END_TEST

SUITE(sasl) {
    Suite *s = suite_create("security/sasl");
    ADD_CASE(
        s,
        "exchange",
        plain_sends_name_and_password_and_takes_the_answer_for_a_yes,
        a_message_is_appended_to_what_is_there,
        an_answer_after_the_end_fails,
        an_answer_of_any_length_is_bounded,
        nothing_is_freed_when_there_is_nothing
    );
    TCase *fault_case = tcase_create("faults");
    tcase_add_loop_test(fault_case, what_is_missing_is_named, 0, sizeof faults / sizeof faults[0]);
    suite_add_tcase(s, fault_case);
    return s;
}
