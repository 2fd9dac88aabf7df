// SPDX-License-Identifier: Apache-2.0
// The parts of the server that need no socket, and the questions to the kernel that need but two.
#include "server/http/accept.h"
#include "server/http/peer.h"
#include "server/http/problem.h"
#include "tests/unit/suite.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct {
    const char *accept;
    bool good;
    bool lines;
} accepts[] = {
    { NULL, true, false },
    { "", true, false },
    { "*/*", true, false },
    { "application/json", true, false },
    { "application/*", true, false },
    { "application/x-ndjson", true, true },
    { "Application/X-NDJSON", true, true },
    { "application/x-ndjson, application/json", true, false },
    { "application/json;q=0.5, application/x-ndjson", true, true },
    { "application/json;q=0.5,application/x-ndjson;q=0.4", true, false },
    { "application/x-ndjson;q=0, */*", true, false },
    { "application/x-ndjson, */*;q=0.1", true, true },
    { "application/json;q=0, application/x-ndjson;q=0.001", true, true },
    { "text/html, application/xhtml+xml", false, false },
    { "application/json;q=0", false, false },
    { "application/json;q=0.0, application/x-ndjson;q=0.000", false, false },
    { "application/jsonx", false, false },
    { "application/json ; charset=utf-8 ; q=0.7", true, false },
    { "text/html, */*;q=0.8", true, false },
    { ",,", false, false },
    { "application/json;q=", true, false }, // as if it had no weight
};

START_TEST(the_wanted_media_type_is_chosen) {
    bool lines = false;
    ck_assert_msg(
        accept_chooses(accepts[_i].accept, "application/json", "application/x-ndjson", &lines) ==
            accepts[_i].good,
        "%s",
        accepts[_i].accept
    );
    if (accepts[_i].good) ck_assert_msg(lines == accepts[_i].lines, "%s", accepts[_i].accept);
}

END_TEST

START_TEST(every_status_has_a_place_in_http) {
    for (int status = KC_OK + 1; status <= KC_CLOSED; status++) {
        unsigned http_status = problem_http_status((enum kc_status)status);
        ck_assert_uint_ge(http_status, 400);
        ck_assert_uint_le(http_status, 504);
    }
    ck_assert_uint_eq(problem_http_status(KC_ILLEGAL_GENERATION), 409);
    ck_assert_uint_eq(problem_http_status(KC_BROKER_UNAVAILABLE), 503);
    ck_assert_uint_eq(problem_http_status(KC_CORRUPT_RECORDS), 502);
}

END_TEST

START_TEST(a_problem_has_the_members_of_its_rfc_and_ours) {
    struct out out = { 0 };
    struct problem problem = problem_of_status(KC_ILLEGAL_GENERATION, 22, "generation \"7\"");
    problem_write(&out, &problem);
    ck_assert_str_eq(
        out_text(&out),
        "{\"type\":\"urn:kafka-sidecar:problem:ILLEGAL_GENERATION\",\"title\":\"ILLEGAL_"
        "GENERATION\",\"status\":409,"
        "\"detail\":\"generation \\\"7\\\"\",\"code\":\"ILLEGAL_GENERATION\","
        "\"kafka_error\":{\"code\":22,\"name\":\"ILLEGAL_GENERATION\"},\"retriable\":false}"
    );
    out_dispose(&out);
}

END_TEST

/// Two ends of a TCP connection over the given loopback address.
static void connect_pair(int family, int ends[2]) {
    struct sockaddr_storage address = { .ss_family = (sa_family_t)family };
    socklen_t size = family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
    if (family == AF_INET) {
        ((struct sockaddr_in *)&address)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    } else {
        ((struct sockaddr_in6 *)&address)->sin6_addr = in6addr_loopback;
    }
    int listener = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, size), 0);
    ck_assert_int_eq(listen(listener, 1), 0);
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    ends[0] = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(connect(ends[0], (struct sockaddr *)&address, size), 0);
    ends[1] = accept(listener, NULL, NULL);
    ck_assert_int_ge(ends[1], 0);
    (void)close(listener);
}

static void read_bytes(int fd, size_t size) {
    char bytes[100];
    ck_assert_int_eq(recv(fd, bytes, size, MSG_WAITALL), (ssize_t)size);
}

START_TEST(the_kernel_tells_what_a_near_process_has_read) { // pitfall 105
    int ends[2];                                            // the client's, and ours
    struct peer peer;
    struct peer_lookup lookup;
    connect_pair(_i == 0 ? AF_INET : AF_INET6, ends);
    peer_init(&peer, ends[1]);
    peer_lookup_init(&lookup);
    ck_assert(peer.is_near && !peer.is_unix);
    for (int round = 0; round < 30; round++) { // acknowledgements get delayed after some rounds
        ck_assert_int_eq(send(ends[1], "0123456789", 10, 0), 10);
        ck_assert_int_eq(peer_fate(&peer, &lookup), PEER_UNKNOWN);
        read_bytes(ends[0], 4);
        ck_assert_int_eq(peer_fate(&peer, &lookup), PEER_UNKNOWN);
        read_bytes(ends[0], 6);
        ck_assert_int_eq(peer_fate(&peer, &lookup), PEER_TAKEN);
        ck_assert_int_eq(send(ends[0], "next", 4, 0), 4);
        read_bytes(ends[1], 4);
    }
    ck_assert(!peer_is_gone(&peer));
    (void)close(ends[0]);
    ck_assert(peer_is_gone(&peer));
    ck_assert_int_eq(peer_fate(&peer, &lookup), PEER_TAKEN);
    peer_lookup_dispose(&lookup);
    (void)close(ends[1]);
}

END_TEST

START_TEST(a_half_closed_client_has_not_read_what_it_has_not) { // pitfall 105
    int ends[2];
    struct peer peer;
    struct peer_lookup lookup;
    connect_pair(AF_INET, ends);
    peer_init(&peer, ends[1]);
    peer_lookup_init(&lookup);
    ck_assert_int_eq(shutdown(ends[0], SHUT_WR), 0);
    ck_assert_int_eq(send(ends[1], "0123456789", 10, 0), 10);
    ck_assert_int_eq(peer_fate(&peer, &lookup), PEER_UNKNOWN);
    read_bytes(ends[0], 10);
    ck_assert_int_eq(peer_fate(&peer, &lookup), PEER_TAKEN);
    ck_assert_int_eq(send(ends[1], "0123456789", 10, 0), 10);
    (void)close(ends[0]);
    ck_assert_int_eq(peer_fate(&peer, &lookup), PEER_LOST);
    peer_lookup_dispose(&lookup);
    (void)close(ends[1]);
}

END_TEST

START_TEST(a_far_client_is_believed_what_its_kernel_acknowledges) {
    int ends[2];
    struct peer peer;
    struct peer_lookup lookup;
    connect_pair(AF_INET, ends);
    peer_init(&peer, ends[1]);
    peer_lookup_init(&lookup);
    peer.is_near = false; // as if it were on another machine
    ck_assert_int_eq(send(ends[1], "0123456789", 10, 0), 10);
    ck_assert_int_eq(
        peer_fate(&peer, &lookup), PEER_TAKEN
    ); // the first bytes are acknowledged at once
    struct peer watched;
    ck_assert(peer_watch(&peer, &watched));
    (void)close(ends[1]);
    ck_assert_int_eq(peer_fate(&watched, &lookup), PEER_UNKNOWN); // its end will tell
    (void)close(ends[0]);
    ck_assert_int_eq(peer_fate(&watched, &lookup), PEER_LOST);
    peer_unwatch(&watched);
    ck_assert_int_eq(lookup.fd, -1); // nobody asked
}

END_TEST

START_TEST(without_an_answer_of_the_kernel_nothing_is_taken_for_read) {
    int ends[2];
    struct peer peer;
    struct peer_lookup deaf = { dup(STDIN_FILENO) }; // a file that is no netlink socket
    connect_pair(AF_INET, ends);
    peer_init(&peer, ends[1]);
    ck_assert_int_eq(send(ends[1], "0123456789", 10, 0), 10);
    read_bytes(ends[0], 10);
    ck_assert_int_eq(peer_fate(&peer, &deaf), PEER_UNKNOWN);
    ck_assert_int_eq(deaf.fd, -1); // it is opened anew for the next question
    ck_assert_int_eq(peer_fate(&peer, &deaf), PEER_TAKEN);
    peer_lookup_dispose(&deaf);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

END_TEST

SUITE(parts) {
    Suite *s = suite_create("server/http/parts");
    TCase *tables = tcase_create("tables");
    tcase_add_loop_test(
        tables, the_wanted_media_type_is_chosen, 0, sizeof accepts / sizeof accepts[0]
    );
    tcase_add_loop_test(tables, the_kernel_tells_what_a_near_process_has_read, 0, 2);
    suite_add_tcase(s, tables);
    ADD_CASE(
        s,
        "parts",
        every_status_has_a_place_in_http,
        a_problem_has_the_members_of_its_rfc_and_ours,
        a_half_closed_client_has_not_read_what_it_has_not,
        a_far_client_is_believed_what_its_kernel_acknowledges,
        without_an_answer_of_the_kernel_nothing_is_taken_for_read
    );
    return s;
}
