// SPDX-License-Identifier: Apache-2.0
// SCRAM: the exchange of RFC 7677, others computed by another implementation, and brokers that are
// wrong in every way there is.
#include "consumer/security/sasl.h"
#include "consumer/security/scram.h"
#include "tests/unit/security/sasl_rig.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <string.h>

#define RFC_NONCE "rOprNGfwEbeRWgbNEkqO"
#define RFC_BOTH  RFC_NONCE "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
#define RFC_FIRST "r=" RFC_BOTH ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
#define RFC_FINAL "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="

// The first is that of RFC 7677; the others come from Python's hashlib and hmac,
// and that with 8192 iterations is what Kafka's own ScramFormatter makes, too.
static const struct exchange {
    struct sasl_options options;
    const char *nonce;
    const char *client_first;
    const char *server_first;
    const char *client_final;
    const char *server_final;
} exchanges[] = {
    {
        { .mechanism = "SCRAM-SHA-256", .username = "user", .password = "pencil" },
        RFC_NONCE,
        "n,,n=user,r=" RFC_NONCE,
        RFC_FIRST,
        "c=biws,r=" RFC_BOTH ",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
        RFC_FINAL,
    },
    {
        { .mechanism = "SCRAM-SHA-512", .username = "user", .password = "pencil" },
        RFC_NONCE,
        "n,,n=user,r=" RFC_NONCE,
        RFC_FIRST,
        "c=biws,r=" RFC_BOTH
        ",p=gMGXRcevScNtxZ6/8lQYpGtnsNAc3mGcmNomv+xnoOMw+3R2xNJdMNnzMlTN8PPC6wdp"
        "6dybEmDYXYTxwnYPJQ==",
        "v=ZQnYEgWQMFmmsM8aQMF0nDDCy/"
        "AgCzkwk8CmMZYcMg0vSVlKDanekLtifDSeVGT4+5ZxXnJq199RVG2rR7N7Zw==",
    },
    {
        { .mechanism = "SCRAM-SHA-512",
          .username = "=u,s=er",
          .password = "p\xc3\xa4ssw\xc3\xb6rd" },
        "abc",
        "n,,n==3Du=2Cs=3Der,r=abc",
        "r=abcDEF,s=c2FsdA==,i=8192",
        "c=biws,r=abcDEF,p="
        "UCwqY5dOG2URA27wjbhupVUgSHvDJy54X9IBO2TpOgRyg49pqznp4womf2DmPelKz6OBEKPhbVn"
        "kE1zsDeku6A==",
        "v=B2BfCsnr72Xy82z3IwoIq0HwB5Q63D6SdThAeRofBU66CzwGrWPFCjoIoYSmnoYJXvlA2JPeBqVpsDBB5m/"
        "L0g==",
    },
    {
        { .mechanism = "SCRAM-SHA-256",
          .username = "tokenID",
          .password = "aG1hYw==",
          .is_token = true },
        "abc",
        "n,,n=tokenID,r=abc,tokenauth=true",
        "r=abcDEF,s=c2FsdA==,i=4096",
        "c=biws,r=abcDEF,p=pj9ROBngOIM/RnUbmkzSxjDXTqRPHYZA2b0l9LcPTd4=",
        "v=e2C7CvDGHYbMlfcR17kXubCY+OlulpiAGD9iKkYVoOY=",
    },
    {
        { .mechanism = "SCRAM-SHA-256", .username = "user", .password = "pencil" },
        "abc",
        "n,,n=user,r=abc",
        "r=abcDEF,s=c2FsdA==,i=4096,x=y,Long=z z", // extensions that are not known are ignored, but
                                                   // signed
        "c=biws,r=abcDEF,p=hmUL83GOxR2Bq56L8ghDKpM67y7KzZCth9K6PFfPCZ8=",
        "v=HxJ9+4dSoJvojwV/JHhuHarxSqSydPsL+lxQteNJ8Bc=,x=y",
    },
};

static void begin(struct sasl_client *client, const struct exchange *exchange) {
    sasl_client_init(client, &exchange->options, exchange->nonce);
}

static void expect_message(struct sasl_client *client, const char *text) {
    ck_assert_msg(
        slice_equal_string(buf_slice(&client->message), text),
        "%.*s",
        (int)client->message.size,
        (const char *)client->message.data
    );
}

START_TEST(both_sides_prove_that_they_know_the_password) {
    struct sasl_client client;
    begin(&client, &exchanges[_i]);
    expect_message(&client, exchanges[_i].client_first);
    ck_assert_int_eq(sasl_client_answer(&client, exchanges[_i].server_first), SASL_SEND);
    expect_message(&client, exchanges[_i].client_final);
    ck_assert_int_eq(sasl_client_answer(&client, exchanges[_i].server_final), SASL_DONE);
    ck_assert_uint_eq(client.message.size, 0);
    ck_assert_str_eq(sasl_why(client.sasl), "");
    sasl_client_dispose(&client);
}

END_TEST

START_TEST(a_nonce_is_never_used_again) {
    struct sasl_credentials *credentials;
    char error[SASL_ERROR_BYTES];
    struct buf first = { 0 };
    struct buf second = { 0 };
    credentials = sasl_credentials_new(&exchanges[0].options, error);
    struct sasl *one = sasl_new(credentials, "broker.test");
    struct sasl *two = sasl_new(credentials, "broker.test");
    ck_assert_int_eq(sasl_first(one, 0, &first), SASL_SEND);
    ck_assert_int_eq(sasl_first(two, 0, &second), SASL_SEND);
    ck_assert_uint_eq(first.size, strlen("n,,n=user,r=") + 32);
    ck_assert(!slice_equal(buf_slice(&first), buf_slice(&second)));
    buf_dispose(&first);
    buf_dispose(&second);
    sasl_free(one);
    sasl_free(two);
    sasl_credentials_free(credentials);
}

END_TEST

#define NOT_FIRST "SASL SCRAM-SHA-256: the broker's first message is not one of SCRAM's"
#define NO_SALT   "SASL SCRAM-SHA-256: the broker's salt is not base64"
#define NO_NONCE  "SASL SCRAM-SHA-256: the broker's nonce does not go on from ours"
#define SALTED    ",s=W22ZaJ0SNY7soEsUEjb6gQ=="

static const struct {
    const char *server_first;
    const char *why;
} first_faults[] = {
    { "",
      "SASL SCRAM-SHA-256: the broker's message is empty: the broker ended before it had proved "
      "who "
      "it is" },
    { "m=new," RFC_FIRST,
      "SASL SCRAM-SHA-256: the broker's message asks for an extension that is not known" },
    { RFC_FIRST ",x=\xff",
      "SASL SCRAM-SHA-256: the broker's message has other bytes than printable ASCII" },
    { RFC_FIRST "\n",
      "SASL SCRAM-SHA-256: the broker's message has other bytes than printable ASCII" },
    { "r=" RFC_BOTH SALTED ",i=4095",
      "SASL SCRAM-SHA-256: the broker wants 4095 iterations, and only 4096 to 100000 are "
      "accepted" },
    { "r=" RFC_BOTH SALTED ",i=100001",
      "SASL SCRAM-SHA-256: the broker wants 100001 iterations, and only 4096 to 100000 are "
      "accepted" },
    { "r=" RFC_BOTH SALTED ",i=9999999999", NOT_FIRST },
    { "r=" RFC_BOTH SALTED ",i=-4096", NOT_FIRST },
    { "r=" RFC_BOTH SALTED ",i=04096", NOT_FIRST },
    { "r=" RFC_BOTH SALTED ",i=", NOT_FIRST },
    { "r=" RFC_BOTH SALTED, NOT_FIRST },
    { "r=" RFC_BOTH ",s=,i=4096", NOT_FIRST },
    { "r=" RFC_BOTH ",s=W22,i=4096", NO_SALT },
    { "r=" RFC_BOTH ",s=W22ZaJ0SNY7soEsUEjb6gR==,i=4096", NO_SALT },
    { "r=" RFC_NONCE SALTED ",i=4096", NO_NONCE },
    { "r=other" SALTED ",i=4096", NO_NONCE },
    { "r=" RFC_BOTH " " SALTED ",i=4096", NOT_FIRST },
    { "r=" SALTED ",i=4096", NOT_FIRST },
    { "s=W22ZaJ0SNY7soEsUEjb6gQ==,r=" RFC_BOTH ",i=4096", NOT_FIRST },
    { RFC_FIRST ",", NOT_FIRST },
    { RFC_FIRST ",x", NOT_FIRST },
    { RFC_FIRST ",x=", NOT_FIRST },
    { RFC_FIRST ",=y", NOT_FIRST },
    { RFC_FIRST ",1=y", NOT_FIRST },
    { RFC_FIRST ",a,b=1", NOT_FIRST },
    { RFC_FIRST ",a1=y", NOT_FIRST },
    { RFC_FINAL, NOT_FIRST },
    { "e=other-error", NOT_FIRST },
    { "r", NOT_FIRST },
};

START_TEST(a_first_message_that_is_wrong_ends_it) {
    struct sasl_client client;
    begin(&client, &exchanges[0]);
    ck_assert_int_eq(sasl_client_answer(&client, first_faults[_i].server_first), SASL_FAILED);
    ck_assert_str_eq(sasl_why(client.sasl), first_faults[_i].why);
    ck_assert_uint_eq(client.message.size, 0);
    ck_assert_int_eq(sasl_client_answer(&client, RFC_FIRST), SASL_FAILED); // it stays ended
    sasl_client_dispose(&client);
}

END_TEST

#define NOT_FINAL "SASL SCRAM-SHA-256: the broker's final message is not one of SCRAM's"
#define UNSIGNED \
    "SASL SCRAM-SHA-256: the broker's signature is wrong: it does not know the password"

static const struct {
    const char *server_final;
    const char *why;
} final_faults[] = {
    { "",
      "SASL SCRAM-SHA-256: the broker's message is empty: the broker ended before it had proved "
      "who "
      "it is" },
    { "e=invalid-proof", "SASL SCRAM-SHA-256: the broker says invalid-proof" },
    { "v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", UNSIGNED },
    { "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl9", UNSIGNED },
    { "v=AAAA", UNSIGNED },
    { "v=\xf0\x9f",
      "SASL SCRAM-SHA-256: the broker's message has other bytes than printable ASCII" },
    { "v=6rri TRBi", UNSIGNED },
    { "v=", NOT_FINAL },
    { "v", NOT_FINAL },
    { RFC_FINAL ",", NOT_FINAL },
    { RFC_FIRST, NOT_FINAL },
};

START_TEST(a_final_message_that_is_wrong_ends_it) {
    struct sasl_client client;
    begin(&client, &exchanges[0]);
    ck_assert_int_eq(sasl_client_answer(&client, RFC_FIRST), SASL_SEND);
    ck_assert_int_eq(sasl_client_answer(&client, final_faults[_i].server_final), SASL_FAILED);
    ck_assert_str_eq(sasl_why(client.sasl), final_faults[_i].why);
    ck_assert_int_eq(sasl_client_answer(&client, RFC_FINAL), SASL_FAILED);
    sasl_client_dispose(&client);
}

END_TEST

START_TEST(a_message_of_any_length_is_bounded) {
    static char text[SCRAM_MOST_MESSAGE_BYTES + 2];
    memset(text, 'x', sizeof text - 1);
    struct sasl_client client;
    begin(&client, &exchanges[0]);
    ck_assert_int_eq(sasl_client_answer(&client, text), SASL_FAILED);
    ck_assert_str_eq(sasl_why(client.sasl), "SASL SCRAM-SHA-256: the broker's message is too long");
    sasl_client_dispose(&client);
}

END_TEST

START_TEST(an_error_of_the_broker_is_told_as_far_as_there_is_room) {
    char text[SCRAM_MOST_MESSAGE_BYTES];
    (void)snprintf(text, sizeof text, "e=%2000d", 0);
    struct sasl_client client;
    begin(&client, &exchanges[0]);
    ck_assert_int_eq(sasl_client_answer(&client, RFC_FIRST), SASL_SEND);
    ck_assert_int_eq(sasl_client_answer(&client, text), SASL_FAILED);
    ck_assert_uint_eq(strlen(sasl_why(client.sasl)), SASL_WHY_BYTES - 1);
    sasl_client_dispose(&client);
}

END_TEST

START_TEST(scram_needs_a_name_and_a_password) {
    char error[SASL_ERROR_BYTES];
    struct sasl_options options = { .mechanism = "SCRAM-SHA-512", .username = "user" };
    ck_assert_ptr_null(sasl_credentials_new(&options, error));
    ck_assert_str_eq(error, "sasl.password: SCRAM needs a user name and a password");
    options = (struct sasl_options){ .mechanism = "SCRAM-SHA-256", .password = "x" };
    ck_assert_ptr_null(sasl_credentials_new(&options, error));
    ck_assert_str_eq(error, "sasl.username: SCRAM needs a user name and a password");
}

END_TEST

SUITE(scram) {
    Suite *s = suite_create("security/scram");
    ADD_CASE(
        s,
        "scram",
        a_nonce_is_never_used_again,
        a_message_of_any_length_is_bounded,
        an_error_of_the_broker_is_told_as_far_as_there_is_room,
        scram_needs_a_name_and_a_password
    );
    TCase *cases = tcase_create("cases");
    tcase_add_loop_test(
        cases,
        both_sides_prove_that_they_know_the_password,
        0,
        sizeof exchanges / sizeof exchanges[0]
    );
    tcase_add_loop_test(
        cases,
        a_first_message_that_is_wrong_ends_it,
        0,
        sizeof first_faults / sizeof first_faults[0]
    );
    tcase_add_loop_test(
        cases,
        a_final_message_that_is_wrong_ends_it,
        0,
        sizeof final_faults / sizeof final_faults[0]
    );
    suite_add_tcase(s, cases);
    return s;
}
