// SPDX-License-Identifier: Apache-2.0
// Streams with feeds of the test's own, over a daemon of its own.
#include "server/base/must.h"
#include "server/http/connection.h"
#include "server/http/request.h"
#include "server/http/service.h"
#include "server/http/stream.h"
#include "server/journal.h"
#include "server/metrics.h"
#include "server/settings.h"
#include "tests/unit/server/client.h"
#include "tests/unit/suite.h"

#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

enum { LONG_MS = 600000 };

/// A feed: what it says the first, second… time that it is asked, NULL for nothing.
struct script {
    const char *pieces[8];
    size_t asked;
    bool wakes_itself;     ///< while it is asked, as if something came just then
    atomic_bool is_silent; ///< it has nothing to say behind the first piece
    enum stream_more last;
    _Atomic(struct stream *) stream;
    atomic_int over;
};

static struct metrics metrics;
static struct settings settings;
static struct journal journal = { .fd = STDERR_FILENO, .level = KC_LOG_ERROR };
static struct service service = { .settings = &settings, .journal = &journal, .metrics = &metrics };
static struct connection connection = { .service = &service };
static struct script script;
static struct MHD_Daemon *daemon_of_test;
static struct client client;

static enum stream_more fill(void *arg, struct out *out) {
    struct script *feed = arg;
    if (feed->asked > 0 && feed->is_silent) return STREAM_GOES_ON;
    size_t turn = feed->asked++;
    must(turn < sizeof feed->pieces / sizeof feed->pieces[0]);
    out_string(out, feed->pieces[turn]);
    if (feed->wakes_itself) stream_wake(feed->stream);
    bool is_last = turn + 1 == sizeof feed->pieces / sizeof feed->pieces[0] ||
                   (feed->pieces[turn] && strcmp(feed->pieces[turn], "last") == 0);
    return is_last ? feed->last : STREAM_GOES_ON;
}

static void over(void *arg) {
    struct script *feed = arg;
    feed->over++;
}

static void begin_stream(struct request *request) {
    const struct stream_feed feed = { "text/plain", ": alive\n", false, fill, over, &script };
    script.stream = stream_begin(service.streams, request, &feed);
}

// NOLINTNEXTLINE(readability-function-size): the parameters are those of libmicrohttpd
static enum MHD_Result on_request(
    void *arg,
    struct MHD_Connection *mhd,
    const char *path,
    const char *method,
    const char *version,
    const char *body,
    size_t *body_size, // NOLINT(readability-non-const-parameter): its type is libmicrohttpd's
    void **context
) {
    (void)arg, (void)path, (void)method, (void)version, (void)body, (void)body_size;
    if (!*context) {
        *context = request_new(&connection, mhd);
        peer_init(
            &connection.peer,
            MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd
        );
    } else {
        request_run(*context, begin_stream);
    }
    return MHD_YES;
}

static void on_completed(
    void *arg, struct MHD_Connection *mhd, void **context, enum MHD_RequestTerminationCode code
) {
    (void)arg, (void)mhd, (void)code;
    struct request *request = *context;
    if (!request) return;
    if (request->abandon) request->abandon(request);
    request_free(request);
}

static void begin_with(int64_t keepalive_ms) {
    settings_init(&settings);
    script = (struct script){ .last = STREAM_ENDS };
    service.streams = streams_new(&metrics, &journal, keepalive_ms);
    ck_assert_ptr_nonnull(service.streams);
    daemon_of_test = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_TURBO | MHD_ALLOW_SUSPEND_RESUME,
        0,
        NULL,
        NULL,
        on_request,
        NULL,
        MHD_OPTION_NOTIFY_COMPLETED,
        on_completed,
        NULL,
        MHD_OPTION_END
    );
    ck_assert_ptr_nonnull(daemon_of_test);
}

static void begin(void) {
    begin_with(LONG_MS);
}

/// Asks for the stream; its head has come when this returns.
static void ask(void) {
    unsigned port = MHD_get_daemon_info(daemon_of_test, MHD_DAEMON_INFO_BIND_PORT)->port;
    client = client_connect_port(port);
    client_ask(&client, "GET", "/", NULL);
    ck_assert_int_eq(client_read_head(&client), 200);
}

static void end(void) {
    client_close(&client);
    MHD_stop_daemon(daemon_of_test);
    streams_free(service.streams);
    settings_dispose(&settings);
    ck_assert_int_eq(script.over, 1); // whatever the reason, once
}

static void expect(const char *wanted, enum client_piece last) {
    struct out text = { 0 };
    enum client_piece piece;
    do {
        piece = client_read_piece(&client, &text);
    } while (piece == CLIENT_PIECE && strlen(out_text(&text)) < strlen(wanted));
    ck_assert_str_eq(out_text(&text), wanted);
    if (last != CLIENT_PIECE) {
        if (piece == CLIENT_PIECE) piece = client_read_piece(&client, &text);
        ck_assert_int_eq(piece, last);
    }
    out_dispose(&text);
}

START_TEST(what_the_feed_says_comes_in_its_order_and_ends_properly) {
    script.pieces[0] = "a";
    script.pieces[1] = "b";
    script.pieces[2] = "last";
    ask();
    expect("ablast", CLIENT_END);
    ck_assert(client_is_ended(&client)); // the connection is for nothing else
}

END_TEST

START_TEST(a_stream_that_is_woken_while_its_feed_is_asked_asks_again) {
    script.pieces[1] = "b";
    script.pieces[3] = "last";
    script.wakes_itself = true;
    ask();
    expect("blast", CLIENT_END);
}

END_TEST

START_TEST(a_stream_with_nothing_to_say_sleeps_until_it_is_woken) {
    script.pieces[0] = "a";
    script.pieces[1] = "last";
    script.is_silent = true;
    ask();
    expect("a", CLIENT_PIECE);
    script.is_silent = false;
    stream_wake(script.stream);
    expect("last", CLIENT_END);
}

END_TEST

START_TEST(a_feed_that_breaks_leaves_the_client_without_an_end) {
    script.pieces[0] = "last";
    script.last = STREAM_BREAKS;
    ask();
    struct out text = { 0 };
    ck_assert_int_eq(client_read_piece(&client, &text), CLIENT_CUT);
    out_dispose(&text);
    ck_assert_int_eq(metrics_get(&metrics, METRIC_STREAMS_CUT), 1);
}

END_TEST

START_TEST(a_sleeping_stream_can_be_cut) {
    struct out text = { 0 };
    script.pieces[0] = "a";
    script.is_silent = true;
    ask();
    expect("a", CLIENT_PIECE);
    stream_cut(script.stream);
    ck_assert_int_eq(client_read_piece(&client, &text), CLIENT_CUT);
    ck_assert_int_eq(metrics_get(&metrics, METRIC_STREAMS_CUT), 1);
    out_dispose(&text);
}

END_TEST

START_TEST(a_keepalive_comes_where_the_feed_has_nothing) {
    begin_with(30);
    script.pieces[0] = "a";
    script.pieces[1] = "last";
    script.is_silent = true;
    ask();
    expect("a: alive\n: alive\n", CLIENT_PIECE);
    script.is_silent = false;
    while (client_read_piece(&client, &client.body) == CLIENT_PIECE) {}
    ck_assert_ptr_nonnull(strstr(client_body(&client), "last"));
}

END_TEST

SUITE(stream) {
    Suite *s = suite_create("server/http/stream");
    const TTest *const tests[] = {
        what_the_feed_says_comes_in_its_order_and_ends_properly,
        a_stream_that_is_woken_while_its_feed_is_asked_asks_again,
        a_stream_with_nothing_to_say_sleeps_until_it_is_woken,
        a_feed_that_breaks_leaves_the_client_without_an_end,
        a_sleeping_stream_can_be_cut,
    };
    TCase *cases = tcase_create("stream");
    tcase_add_checked_fixture(cases, begin, end);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(cases, tests[i]);
    suite_add_tcase(s, cases);
    TCase *quick = tcase_create("keepalive");
    tcase_add_checked_fixture(quick, NULL, end);
    tcase_add_test(quick, a_keepalive_comes_where_the_feed_has_nothing);
    suite_add_tcase(s, quick);
    return s;
}
