// SPDX-License-Identifier: Apache-2.0
// Which versions are chosen, which headers go with them, and the error codes.
#include "consumer/wire/api.h"
#include "consumer/wire/kafka_error.h"
#include "tests/unit/suite.h"

static const struct {
    enum api_key key;
    int16_t broker_min;
    int16_t broker_max;
    int16_t chosen; // -1: none
} choices[] = {
    { API_FETCH, 4, 18, 17 },
    { API_FETCH, 0, 10, 10 },
    { API_FETCH, 0, 3, -1 },
    { API_FETCH, 18, 20, -1 },
    { API_FETCH, 9, 4, -1 },
    { API_JOIN_GROUP, 0, 2, 2 },
    { API_JOIN_GROUP, 0, 1, -1 },
    { API_API_VERSIONS, 0, 2, 0 },
    { API_API_VERSIONS, 0, 4, 4 },
    { API_API_VERSIONS, 0, 9, 5 },
    { API_API_VERSIONS, 0, 0, 0 },
    { API_API_VERSIONS, 1, 2, -1 },
    { API_METADATA, -1, -1, -1 },
    { API_METADATA, INT16_MIN, INT16_MAX, 13 },
    { API_LIST_OFFSETS, 1, 11, 11 },
    { API_OFFSET_FETCH, 1, 10, 10 },
    { API_SASL_HANDSHAKE, 0, 1, 1 },
    { API_SASL_HANDSHAKE, 0, 0, -1 },
    { API_SASL_AUTHENTICATE, 0, 0, 0 },
    { API_SASL_AUTHENTICATE, 0, 2, 2 },
};

START_TEST(the_highest_version_of_both_is_chosen) {
    const struct api *api = api_find((int16_t)choices[_i].key);
    ck_assert_ptr_nonnull(api);
    int16_t version = -1;
    bool found = api_choose_version(api, choices[_i].broker_min, choices[_i].broker_max, &version);
    ck_assert_int_eq(found, choices[_i].chosen >= 0);
    ck_assert_int_eq(version, choices[_i].chosen);
}

END_TEST

START_TEST(every_api_is_found_by_its_key) {
    int count = 0;
    for (const struct api *api = api_next(NULL); api; api = api_next(api), count++) {
        ck_assert_ptr_eq(api_find((int16_t)api->key), api);
        ck_assert(api_speaks(api, api->min_version) && api_speaks(api, api->max_version));
        ck_assert(!api_speaks(api, -1));
    }
    ck_assert_int_eq(count, 14);
    ck_assert_ptr_null(api_find(API_PRODUCE));
    ck_assert_ptr_null(api_find(-1));
    ck_assert_ptr_null(api_find(INT16_MAX));
}

END_TEST

START_TEST(headers_follow_the_flexible_versions_except_for_the_answer_to_api_versions) {
    const struct api *fetch = api_find(API_FETCH);
    ck_assert_int_eq(api_request_header_version(fetch, 11), 1);
    ck_assert_int_eq(api_response_header_version(fetch, 11), 0);
    ck_assert_int_eq(api_request_header_version(fetch, 12), 2);
    ck_assert_int_eq(api_response_header_version(fetch, 12), 1);
    const struct api *api_versions = api_find(API_API_VERSIONS);
    ck_assert_int_eq(api_request_header_version(api_versions, 0), 1);
    ck_assert_int_eq(api_request_header_version(api_versions, 3), 2);
    ck_assert_int_eq(api_response_header_version(api_versions, 3), 0);
}

END_TEST

START_TEST(an_error_code_says_whether_to_retry_and_what_to_refresh) {
    const struct kafka_error *error = kafka_error_find(ERROR_NOT_LEADER_OR_FOLLOWER);
    ck_assert_int_eq(error->code, 6);
    ck_assert_str_eq(error->name, "NOT_LEADER_OR_FOLLOWER");
    ck_assert(error->retriable);
    ck_assert_int_eq(error->refresh, REFRESH_METADATA);
    ck_assert_int_eq(kafka_error_find(16)->refresh, REFRESH_COORDINATOR);
    ck_assert(!kafka_error_find(ERROR_OFFSET_OUT_OF_RANGE)->retriable);
    ck_assert_str_eq(kafka_error_name(0), "NONE");
    ck_assert_str_eq(kafka_error_name(-1), "UNKNOWN_SERVER_ERROR");
    for (int code = -1; code <= ERROR_CONTROLLER_ID_NOT_REGISTERED; code++)
        ck_assert_int_eq(kafka_error_find((int16_t)code)->code, code);
}

END_TEST

START_TEST(a_code_from_the_future_is_an_unknown_error) {
    const int16_t codes[] = { ERROR_CONTROLLER_ID_NOT_REGISTERED + 1, INT16_MAX, -2, INT16_MIN };
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        ck_assert_int_eq(kafka_error_find(codes[i])->code, -1);
        ck_assert_str_eq(kafka_error_name(codes[i]), "UNKNOWN_SERVER_ERROR");
    }
}

END_TEST

SUITE(api) {
    Suite *s = suite_create("wire/api");
    ADD_CASE(
        s,
        "api",
        every_api_is_found_by_its_key,
        headers_follow_the_flexible_versions_except_for_the_answer_to_api_versions,
        an_error_code_says_whether_to_retry_and_what_to_refresh,
        a_code_from_the_future_is_an_unknown_error
    );
    TCase *choice_case = tcase_create("choices");
    tcase_add_loop_test(
        choice_case, the_highest_version_of_both_is_chosen, 0, sizeof choices / sizeof choices[0]
    );
    suite_add_tcase(s, choice_case);
    return s;
}
