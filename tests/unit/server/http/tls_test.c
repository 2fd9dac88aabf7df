// SPDX-License-Identifier: Apache-2.0
// The API over TLS: who is let in, certificates that change, and that an answer which nobody read
// comes again.
#include "server/http/tls.h"
#include "server/journal.h"
#include "tests/unit/server/client.h"
#include "tests/unit/server/fake_consumer.h"
#include "tests/unit/suite.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PATH_BYTES = 64, PEM_BYTES = 8192, LARGE_BYTES = 6 << 20 };

/// A certificate with its key, in memory and in files.
struct pair {
    gnutls_x509_crt_t certificate;
    gnutls_x509_privkey_t key;
    char certificate_path[PATH_BYTES];
    char key_path[PATH_BYTES];
};

static char folder[] = "/tmp/tls_test_XXXXXX";
static struct pair authority;
static struct pair server;
static struct pair visitor;  // of a client that is let in
static struct pair stranger; // of another authority

static void write_file(const char *path, const void *bytes, size_t size) {
    FILE *file = fopen(path, "we");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
    ck_assert_int_eq(fclose(file), 0);
}

static void write_pair(struct pair *pair) {
    char pem[PEM_BYTES];
    size_t size = sizeof pem;
    ck_assert_int_eq(gnutls_x509_crt_export(pair->certificate, GNUTLS_X509_FMT_PEM, pem, &size), 0);
    write_file(pair->certificate_path, pem, size);
    size = sizeof pem;
    ck_assert_int_eq(gnutls_x509_privkey_export(pair->key, GNUTLS_X509_FMT_PEM, pem, &size), 0);
    write_file(pair->key_path, pem, size);
}

/// `issuer` NULL: it signs itself.
static void make_pair(struct pair *pair, const char *name, const struct pair *issuer, int serial) {
    unsigned bits = GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1);
    unsigned char number = (unsigned char)serial;
    time_t now = time(NULL);
    (void)snprintf(pair->certificate_path, PATH_BYTES, "%s/%s.pem", folder, name);
    (void)snprintf(pair->key_path, PATH_BYTES, "%s/%s.key", folder, name);
    ck_assert_int_eq(gnutls_x509_privkey_init(&pair->key), 0);
    ck_assert_int_eq(gnutls_x509_privkey_generate(pair->key, GNUTLS_PK_ECDSA, bits, 0), 0);
    gnutls_x509_crt_t made;
    ck_assert_int_eq(gnutls_x509_crt_init(&made), 0);
    ck_assert_int_eq(gnutls_x509_crt_set_version(made, 3), 0);
    ck_assert_int_eq(gnutls_x509_crt_set_serial(made, &number, 1), 0);
    ck_assert_int_eq(gnutls_x509_crt_set_activation_time(made, now - 3600), 0);
    ck_assert_int_eq(gnutls_x509_crt_set_expiration_time(made, now + 3600), 0);
    ck_assert_int_eq(
        gnutls_x509_crt_set_dn_by_oid(
            made, GNUTLS_OID_X520_COMMON_NAME, 0, name, (unsigned)strlen(name)
        ),
        0
    );
    ck_assert_int_eq(gnutls_x509_crt_set_key(made, pair->key), 0);
    ck_assert_int_eq(gnutls_x509_crt_set_ca_status(made, issuer == NULL), 0);
    pair->certificate = made;
    if (!issuer) issuer = pair;
    ck_assert_int_eq(
        gnutls_x509_crt_sign2(made, issuer->certificate, issuer->key, GNUTLS_DIG_SHA256, 0), 0
    );
    write_pair(pair);
}

static void free_pair(struct pair *pair) {
    gnutls_x509_crt_deinit(pair->certificate);
    gnutls_x509_privkey_deinit(pair->key);
    (void)unlink(pair->certificate_path);
    (void)unlink(pair->key_path);
}

static void make_all(void) {
    ck_assert_ptr_nonnull(mkdtemp(folder));
    make_pair(&authority, "authority", NULL, 1);
    make_pair(&server, "server", &authority, 2);
    make_pair(&visitor, "visitor", &authority, 3);
    make_pair(&stranger, "stranger", NULL, 4);
    fake_add_partition("orders", 0, 0);
}

static void begin(void) {
    make_all();
    sidecar_up((const char *const[]){ "http.tls.certificate.file",
                                      server.certificate_path,
                                      "http.tls.key.file",
                                      server.key_path,
                                      "http.read.timeout.ms",
                                      "1000",
                                      NULL });
}

static void begin_with_clients(void) {
    make_all();
    sidecar_up((const char *const[]){ "http.tls.certificate.file",
                                      server.certificate_path,
                                      "http.tls.key.file",
                                      server.key_path,
                                      "http.tls.client.ca.file",
                                      authority.certificate_path,
                                      NULL });
}

static void end(void) {
    sidecar_down();
    free_pair(&authority);
    free_pair(&server);
    free_pair(&visitor);
    free_pair(&stranger);
    (void)rmdir(folder);
}

/// A client's end of a TLS connection.
struct line {
    struct client client;
    gnutls_session_t session;
    gnutls_certificate_credentials_t credentials;
};

/// Connects; `pair` is shown as the client's, NULL: none. The handshake's result is returned.
static int connect_line(struct line *line, const struct pair *pair, const char *priorities) {
    line->client = client_connect();
    ck_assert_int_eq(gnutls_init(&line->session, GNUTLS_CLIENT | GNUTLS_NO_SIGNAL), 0);
    ck_assert_int_eq(gnutls_priority_set_direct(line->session, priorities, NULL), 0);
    ck_assert_int_eq(gnutls_certificate_allocate_credentials(&line->credentials), 0);
    if (pair) {
        gnutls_x509_crt_t chain[] = { pair->certificate };
        ck_assert_int_ge(
            gnutls_certificate_set_x509_key(line->credentials, chain, 1, pair->key), 0
        );
        // Shown even when the server names other authorities.
        gnutls_certificate_set_flags(line->credentials, GNUTLS_CERTIFICATE_SKIP_KEY_CERT_MATCH);
    }
    (void)gnutls_credentials_set(line->session, GNUTLS_CRD_CERTIFICATE, line->credentials);
    gnutls_transport_set_int(line->session, line->client.fd);
    return gnutls_handshake(line->session);
}

static void cut_line(struct line *line) {
    client_close(&line->client);
    gnutls_deinit(line->session);
    gnutls_certificate_free_credentials(line->credentials);
}

/// Sends a request; false when the server has closed before.
static bool try_line(struct line *line, const char *path) {
    char text[200];
    int size = snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path);
    return gnutls_record_send(line->session, text, (size_t)size) == size;
}

static void send_line(struct line *line, const char *path) {
    ck_assert(try_line(line, path));
}

/// Reads one answer; returns its status, 0 when the connection ended.
static int read_line(struct line *line) {
    static char text[65536];
    size_t size = 0;
    for (;;) {
        ssize_t got = gnutls_record_recv(line->session, text + size, sizeof text - 1 - size);
        if (got <= 0) return 0;
        size += (size_t)got;
        text[size] = '\0';
        const char *body = strstr(text, "\r\n\r\n");
        const char *length = strstr(text, "Content-Length: ");
        if (!body || !length) continue;
        size_t wanted = (size_t)(body + 4 - text) + strtoul(length + 16, NULL, 10);
        if (size >= wanted) return (int)strtol(text + 9, NULL, 10);
    }
}

/// Asks and reads the answer; returns its status, 0 when the connection ended.
static int call(struct line *line, const char *path) {
    return try_line(line, path) ? read_line(line) : 0;
}

START_TEST(polls_over_tls_are_taken_by_the_next_request) { // pitfall 105
    struct line line;
    fake_add_text("orders", 0, "a");
    fake_add_text("orders", 0, "b");
    ck_assert_int_eq(connect_line(&line, NULL, "NORMAL"), 0);
    ck_assert_int_eq(call(&line, "/v1/poll?max_records=1"), 200);
    ck_assert_int_eq(fake_counts().accepted, 0);
    ck_assert_int_eq(call(&line, "/v1/poll?max_records=1"), 200);
    ck_assert_int_eq(fake_counts().accepted, 1);
    cut_line(&line); // with all of it read
    fake_wait_for_no_poll();
    ck_assert_int_eq(fake_counts().accepted, 2);
    ck_assert_int_eq(fake_counts().put_back, 0);
}

END_TEST

START_TEST(an_answer_over_tls_that_nobody_read_comes_again) { // pitfall 105
    struct line line;
    fake_add_text("orders", 0, "a");
    ck_assert_int_eq(connect_line(&line, NULL, "NORMAL"), 0);
    ck_assert_int_eq(call(&line, "/v1/paused"), 200); // session tickets are out of the way
    send_line(&line, "/v1/poll");
    client_wait_readable(&line.client);
    if (_i == 1) (void)gnutls_bye(line.session, GNUTLS_SHUT_WR); // dies politely
    cut_line(&line);
    struct line other;
    ck_assert_int_eq(connect_line(&other, NULL, "NORMAL"), 0);
    ck_assert_int_eq(call(&other, "/v1/poll"), 200);
    ck_assert_int_eq(fake_counts().put_back, 1);
    cut_line(&other);
    fake_wait_for_no_poll();
    ck_assert_int_eq(fake_counts().accepted, 1);
    ck_assert_int_eq(fake_position("orders", 0), 1);
}

END_TEST

START_TEST(a_large_answer_over_tls_that_is_cut_comes_again) { // pitfall 105
    static char value[LARGE_BYTES];
    char some[300];
    struct line line;
    memset(value, 'x', sizeof value - 1);
    fake_add_text("orders", 0, value);
    ck_assert_int_eq(connect_line(&line, NULL, "NORMAL"), 0);
    send_line(&line, "/v1/poll");
    ck_assert_int_gt(gnutls_record_recv(line.session, some, sizeof some), 0);
    cut_line(&line);
    fake_wait_for_no_poll();
    ck_assert_int_eq(fake_counts().put_back, 1);
}

END_TEST

START_TEST(a_handshake_is_no_request_that_is_slow_to_arrive) {
    const char *const versions[] = { "NORMAL:-VERS-ALL:+VERS-TLS1.2", "NORMAL" };
    struct line idle;
    struct line busy;
    ck_assert_int_eq(connect_line(&idle, NULL, versions[_i]), 0);
    ck_assert_int_eq(connect_line(&busy, NULL, versions[_i]), 0);
    for (int i = 0; i < 2; i++) // twice as long as a request may take to arrive
        ck_assert_int_eq(call(&busy, "/v1/poll?timeout_ms=1000"), 200);
    ck_assert_int_eq(call(&idle, "/v1/paused"), 200);
    cut_line(&idle);
    cut_line(&busy);
}

END_TEST

START_TEST(old_versions_and_plain_requests_get_nothing) {
    struct line line;
    ck_assert_int_lt(connect_line(&line, NULL, "NORMAL:-VERS-ALL:+VERS-TLS1.1:%COMPAT"), 0);
    cut_line(&line);
    struct client plain = client_connect();
    client_send(&plain, "GET /v1/paused HTTP/1.1\r\nHost: localhost\r\n\r\n");
    char bytes[100];
    ssize_t size = recv(plain.fd, bytes, sizeof bytes, 0);
    ck_assert(size <= 0 || memcmp(bytes, "HTTP", 4) != 0); // an alert at most
    client_close(&plain);
    ck_assert_int_eq(connect_line(&line, NULL, "NORMAL:-VERS-ALL:+VERS-TLS1.2"), 0);
    ck_assert_int_eq(call(&line, "/v1/paused"), 200);
    cut_line(&line);
}

END_TEST

/// With TLS 1.3 the refusal comes when the client has ended its part of the handshake.
static bool is_let_in(const struct pair *pair, const char *priorities) {
    struct line line;
    bool let_in = connect_line(&line, pair, priorities) == 0 && call(&line, "/v1/paused") == 200;
    cut_line(&line);
    return let_in;
}

START_TEST(clients_need_a_certificate_of_the_authority) {
    static const char *const versions[] = { "NORMAL:-VERS-ALL:+VERS-TLS1.2",
                                            "NORMAL:-VERS-ALL:+VERS-TLS1.3" };
    ck_assert(is_let_in(&visitor, versions[_i]));
    ck_assert(!is_let_in(NULL, versions[_i]));
    ck_assert(!is_let_in(&stranger, versions[_i]));
}

END_TEST

static int serial_of_server(struct line *line) {
    unsigned count = 0;
    unsigned char serial[40];
    size_t size = sizeof serial;
    gnutls_x509_crt_t seen;
    const gnutls_datum_t *chain = gnutls_certificate_get_peers(line->session, &count);
    ck_assert(chain != NULL && count > 0);
    ck_assert_int_eq(gnutls_x509_crt_init(&seen), 0);
    ck_assert_int_eq(gnutls_x509_crt_import(seen, chain, GNUTLS_X509_FMT_DER), 0);
    ck_assert_int_eq(gnutls_x509_crt_get_serial(seen, serial, &size), 0);
    gnutls_x509_crt_deinit(seen);
    return serial[size - 1];
}

START_TEST(a_certificate_that_is_replaced_is_shown_to_new_connections) {
    struct line old;
    struct line new;
    ck_assert_int_eq(connect_line(&old, NULL, "NORMAL"), 0);
    ck_assert_int_eq(serial_of_server(&old), 2);
    free_pair(&server);
    make_pair(&server, "server", &authority, 9);
    sidecar_reload(the_sidecar());
    ck_assert_int_eq(connect_line(&new, NULL, "NORMAL"), 0);
    ck_assert_int_eq(serial_of_server(&new), 9);
    cut_line(&new);
    write_file(server.key_path, "no key", 6); // the one in use stays in use
    sidecar_reload(the_sidecar());
    ck_assert_int_eq(connect_line(&new, NULL, "NORMAL"), 0);
    ck_assert_int_eq(serial_of_server(&new), 9);
    ck_assert_int_eq(call(&old, "/v1/paused"), 200); // and so do connections
    cut_line(&old);
    cut_line(&new);
}

END_TEST

START_TEST(what_is_wrong_with_a_file_is_named) {
    struct journal journal = { .fd = STDERR_FILENO };
    char error[TLS_ERROR_BYTES] = "";

    const struct {
        struct tls_files files;
        const char *named;
    } cases[] = {
        { { "/nowhere.pem", server.key_path, "" },
          "http.tls.certificate.file: /nowhere.pem: the file can't be read" },
        { { server.certificate_path, "/nowhere.key", "" }, "http.tls.key.file: /nowhere.key" },
        { { server.key_path, server.key_path, "" }, "no certificate in PEM" },
        { { server.certificate_path, server.certificate_path, "" }, "no key in PEM" },
        { { server.certificate_path, visitor.key_path, "" }, "not the key of the certificate" },
        { { server.certificate_path, server.key_path, server.key_path },
          "http.tls.client.ca.file: " },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert_ptr_null(tls_new(&cases[i].files, &journal, error));
        ck_assert_msg(strstr(error, cases[i].named), "%s: %s", cases[i].named, error);
    }
}

END_TEST

SUITE(tls) {
    Suite *s = suite_create("server/http/tls");
    TCase *cases = tcase_create("tls");
    tcase_add_checked_fixture(cases, begin, end);
    tcase_add_test(cases, polls_over_tls_are_taken_by_the_next_request);
    tcase_add_loop_test(cases, an_answer_over_tls_that_nobody_read_comes_again, 0, 2);
    tcase_add_test(cases, a_large_answer_over_tls_that_is_cut_comes_again);
    tcase_add_loop_test(cases, a_handshake_is_no_request_that_is_slow_to_arrive, 0, 2);
    tcase_add_test(cases, old_versions_and_plain_requests_get_nothing);
    tcase_add_test(cases, a_certificate_that_is_replaced_is_shown_to_new_connections);
    tcase_add_test(cases, what_is_wrong_with_a_file_is_named);
    suite_add_tcase(s, cases);
    TCase *clients = tcase_create("clients of tls");
    tcase_add_checked_fixture(clients, begin_with_clients, end);
    tcase_add_loop_test(clients, clients_need_a_certificate_of_the_authority, 0, 2);
    suite_add_tcase(s, clients);
    return s;
}
