// SPDX-License-Identifier: Apache-2.0
// The life of a connection and its requests: states, deadlines, back-off. The way from dialed to
// ready is connection_setup.c's; how requests become bytes and bytes become replies is
// exchange.c's. Kafka answers the requests of a connection in order, so the oldest in flight is
// always the one that is being answered.
#include "consumer/net/connection.h"

#include "consumer/base/log.h"
#include "consumer/base/must.h"
#include "consumer/base/random.h"
#include "consumer/net/authentication.h"
#include "consumer/net/channel.h"
#include "consumer/net/connection_core.h"
#include "consumer/net/exchange.h"
#include "consumer/net/login.h"
#include "consumer/net/request.h"
#include "consumer/security/security.h"
#include "consumer/wire/api.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

static const struct {
    const char *name;
    unsigned may_follow; ///< bits of the states that may come next
} states[] = {

#define TO(state) (1u << CONNECTION_##state)
    [CONNECTION_CLOSED] = { "closed", TO(DIALING) },
    [CONNECTION_DIALING] = { "dialing", TO(SECURING) | TO(CLOSING) | TO(CLOSED) },
    [CONNECTION_SECURING] = { "securing", TO(NEGOTIATING) | TO(CLOSING) | TO(CLOSED) },
    [CONNECTION_NEGOTIATING] = { "negotiating", TO(AUTHENTICATING) | TO(CLOSING) | TO(CLOSED) },
    [CONNECTION_AUTHENTICATING] = { "authenticating", TO(READY) | TO(CLOSING) | TO(CLOSED) },
    [CONNECTION_READY] = { "ready",
                           TO(REAUTHENTICATING) | TO(DRAINING) | TO(CLOSING) | TO(CLOSED) },
    [CONNECTION_REAUTHENTICATING] = { "reauthenticating",
                                      TO(READY) | TO(DRAINING) | TO(CLOSING) | TO(CLOSED) },
    [CONNECTION_DRAINING] = { "draining", TO(CLOSING) | TO(CLOSED) },
    [CONNECTION_CLOSING] = { "closing", TO(CLOSED) },
#undef TO
};

int16_t connection_newest_offered(const struct connection *connection, const struct api *api) {
    must((size_t)api->key < CONNECTION_APIS);
    return connection->versions[api->key].max;
}

const char *connection_state_name(enum connection_state state) {
    must((size_t)state < sizeof states / sizeof states[0]);
    return states[state].name;
}

void connection_enter(struct connection *connection, enum connection_state state) {
    must(states[connection->state].may_follow & (1u << state));
    log_debug(
        connection->settings->log,
        "connection",
        "entered",
        "broker=%s:%" PRId32 " node=%" PRId32 " purpose=%s from=%s to=%s",
        connection->host,
        connection->port,
        connection->node_id,
        connection->purpose,
        states[connection->state].name,
        states[state].name
    );
    connection->state = state;
}

void connection_init(
    struct connection *connection,
    const struct connection_settings *settings,
    const char *host,
    int32_t port,
    int32_t node_id
) {
    must(settings->random && settings->login && settings->frame_max_bytes > 0);
    *connection = (struct connection){ .settings = settings, .port = port, .node_id = node_id };
    (void)snprintf(connection->host, sizeof connection->host, "%s", host);
    connection->purpose = "";
    connection->negotiated_version = EXCHANGE_FIRST_API_VERSIONS;
    frame_reader_init(&connection->frames, settings->frame_max_bytes);
    connection->channel = must_alloc(sizeof *connection->channel);
    connection->authentication = must_alloc(sizeof *connection->authentication);
    authentication_init(connection->authentication);
}

// What one attempt has left.
static void dispose_attempt(struct connection *connection) {
    frame_reader_dispose(&connection->frames);
    buf_dispose(&connection->output);
    channel_dispose(connection->channel);
    authentication_dispose(connection->authentication);
    security_unref(connection->security);
    connection->security = NULL;
    connection->has_answered = false;
    connection->is_told = false;
}

// Answers every request of a list with a failure. Replies may queue new requests, which are left
// alone.
static void fail_all(struct request **list, enum status status, int64_t now_ms) {
    struct request *failed = *list;
    *list = NULL;
    while (failed) {
        struct request *request = failed;
        DL_DELETE(failed, request);
        exchange_fail(request, status, now_ms);
    }
}

void connection_dispose(struct connection *connection, enum status status, int64_t now_ms) {
    while (connection->in_flight || connection->waiting) {
        fail_all(&connection->in_flight, status, now_ms);
        fail_all(&connection->waiting, status, now_ms);
    }
    must(connection->transport == NULL);
    if (!connection->channel) return; // it has been done before
    login_end_trial(connection->settings->login, connection);
    dispose_attempt(connection);
    free(connection->channel);
    free(connection->authentication);
    connection->channel = NULL;
    connection->authentication = NULL;
}

void connection_readdress(struct connection *connection, const char *host, int32_t port) {
    must(connection->state == CONNECTION_CLOSED);
    (void)snprintf(connection->host, sizeof connection->host, "%s", host);
    connection->port = port;
    connection->negotiated_version = EXCHANGE_FIRST_API_VERSIONS;
    connection->failures = 0;
    connection->retry_at_ms = 0;
}

void connection_fail_waiting(struct connection *connection, int64_t now_ms) {
    fail_all(&connection->waiting, STATUS_DISCONNECTED, now_ms);
}

void connection_send_take(struct connection *connection, struct request *request) {
    must(request->on_reply != NULL && request->version == -1);
    DL_APPEND(connection->waiting, request);
}

bool connection_is_busy(const struct connection *connection) {
    return connection->waiting || connection->in_flight;
}

int64_t connection_retry_at_ms(const struct connection *connection) {
    const struct login *login = connection->settings->login;
    if (!login_is_ready(login) || login->trial) return INT64_MAX;
    bool is_news = connection->security_version != login->version;
    if (is_news && status_is_of_security(connection->last_error)) return login->retry_at_ms;
    return connection->retry_at_ms > login->retry_at_ms ? connection->retry_at_ms
                                                        : login->retry_at_ms;
}

bool connection_is_open(const struct connection *connection) {
    return connection->state == CONNECTION_READY ||
           connection->state == CONNECTION_REAUTHENTICATING;
}

bool connection_is_usable(const struct connection *connection, int64_t now_ms) {
    switch (connection->state) {
    case CONNECTION_CLOSED: return now_ms >= connection_retry_at_ms(connection);
    case CONNECTION_DIALING:
    case CONNECTION_SECURING:
    case CONNECTION_NEGOTIATING:
    case CONNECTION_AUTHENTICATING:
    case CONNECTION_READY:
    case CONNECTION_REAUTHENTICATING: return true;
    case CONNECTION_DRAINING:
    case CONNECTION_CLOSING: return false;
    }
    must(!"a state that is none");
    return false;
}

void connection_plan_setup(struct connection *connection, int64_t now_ms) {
    const struct connection_settings *settings = connection->settings;
    connection->setup_due_at_ms = now_ms + random_backoff_ms(
                                               settings->random,
                                               settings->setup_timeout_ms,
                                               settings->setup_timeout_max_ms,
                                               connection->failures + 1
                                           );
}

void connection_take_security(struct connection *connection) {
    const struct login *login = connection->settings->login;
    must(login_is_ready(login));
    security_unref(connection->security);
    connection->security = login->security ? security_ref(login->security) : NULL;
    connection->security_version = login->version;
}

static void dial(struct connection *connection, int64_t now_ms) {
    must(connection->transport == NULL && !connection->in_flight);
    connection_enter(connection, CONNECTION_DIALING);
    connection->want = CONNECTION_WANTS_DIAL;
    connection_take_security(connection);
    login_begin_trial(connection->settings->login, connection);
    connection_plan_setup(connection, now_ms);
    connection->last_used_at_ms = now_ms;
}

static void begin_close(struct connection *connection, const char *why) {
    must(why != NULL);
    (void)snprintf(connection->last_error_text, sizeof connection->last_error_text, "%s", why);
    bool has_socket = connection->want != CONNECTION_WANTS_DIAL;
    buf_dispose(&connection->output);
    channel_end(connection->channel);
    connection->want = has_socket ? CONNECTION_WANTS_CLOSE : CONNECTION_WANTS_NOTHING;
    connection_enter(connection, CONNECTION_CLOSING);
    // The driver has not yet been told to dial, so it has nothing to close and will not say that it
    // has.
    if (!has_socket) connection_on_closed(connection, why, connection->last_used_at_ms);
}

void connection_close(struct connection *connection, bool drain, const char *why) {
    if (connection->state == CONNECTION_CLOSED || connection->state == CONNECTION_CLOSING) return;
    connection->is_planned = true;
    connection->last_error = STATUS_OK;
    // A session that is being renewed serves nobody any more: nothing of others is in flight.
    bool is_renewing = connection->authentication->sasl != NULL;
    if (drain && connection_is_open(connection) && connection->in_flight && !is_renewing) {
        connection_enter(connection, CONNECTION_DRAINING);
    } else {
        begin_close(connection, why);
    }
}

// Closes because of trouble: the next attempt backs off.
void connection_give_up(struct connection *connection, enum status status, const char *why) {
    if (connection->state == CONNECTION_CLOSED || connection->state == CONNECTION_CLOSING) return;
    connection->is_planned = false;
    connection->last_error = status;
    begin_close(connection, why);
}

// A request that is late: one that is in flight takes the connection with it, since its answer may
// still come and would be taken for another's (pitfall 87).
static void end_late_requests(struct connection *connection, int64_t now_ms) {
    struct request *request;
    struct request *next;
    DL_FOREACH_SAFE(connection->waiting, request, next) {
        if (request->deadline_ms > now_ms) continue;
        DL_DELETE(connection->waiting, request);
        exchange_fail(request, STATUS_TIMED_OUT, now_ms);
    }
    DL_FOREACH(connection->in_flight, request) {
        if (request->deadline_ms > now_ms) continue;
        char why[80];
        (void)snprintf(why, sizeof why, "no answer to %s in time", request->api->name);
        connection_give_up(connection, STATUS_TIMED_OUT, why);
        return;
    }
}

static bool is_setting_up(const struct connection *connection) {
    return connection->state >= CONNECTION_DIALING &&
           connection->state <= CONNECTION_AUTHENTICATING;
}

static void step_ready(struct connection *connection, int64_t now_ms) {
    bool can_send = connection->waiting && now_ms >= connection->muted_until_ms;
    if (can_send && now_ms >= connection->authentication->repeat_at_ms) {
        connection_enter(connection, CONNECTION_REAUTHENTICATING);
        return;
    }
    while (connection->waiting && now_ms >= connection->muted_until_ms) {
        struct request *request = connection->waiting;
        DL_DELETE(connection->waiting, request);
        if (!exchange_send(connection, request, now_ms)) continue;
        DL_APPEND(connection->in_flight, request);
        connection->last_used_at_ms = now_ms;
    }
    bool idle = !connection_is_busy(connection);
    if (idle && now_ms - connection->last_used_at_ms >= connection->settings->idle_max_ms) {
        connection_close(connection, false, "idle");
    }
}

void connection_step(struct connection *connection, int64_t now_ms) {
    end_late_requests(connection, now_ms);
    if (is_setting_up(connection) && now_ms >= connection->setup_due_at_ms) {
        connection_give_up(connection, STATUS_TIMED_OUT, "not set up in time");
    }
    if (connection->state == CONNECTION_CLOSED && connection->waiting) {
        if (now_ms >= connection_retry_at_ms(connection)) {
            dial(connection, now_ms);
        } else {
            fail_all(&connection->waiting, STATUS_DISCONNECTED, now_ms);
        }
    }
    if (connection->state == CONNECTION_READY) step_ready(connection, now_ms);
    bool repeats = connection->state == CONNECTION_REAUTHENTICATING;
    // While a broker throttles us it does not read: its answer would come too late (KIP-219).
    if (repeats && !connection->in_flight && now_ms >= connection->muted_until_ms)
        connection_reauthenticate(connection, now_ms);
    if (connection->state == CONNECTION_DRAINING && !connection->in_flight) {
        begin_close(connection, "drained");
    }
}

static int64_t earliest(int64_t a, int64_t b) {
    return a < b ? a : b;
}

int64_t connection_next_due_ms(const struct connection *connection) {
    int64_t due_ms = INT64_MAX;
    const struct request *request;
    DL_FOREACH(connection->waiting, request) {
        due_ms = earliest(due_ms, request->deadline_ms);
    }
    if (connection->state == CONNECTION_CLOSED) return connection->waiting ? 0 : due_ms;
    if (connection->state == CONNECTION_CLOSING) return due_ms;
    DL_FOREACH(connection->in_flight, request) {
        due_ms = earliest(due_ms, request->deadline_ms);
    }
    if (is_setting_up(connection)) return earliest(due_ms, connection->setup_due_at_ms);
    if (connection->state == CONNECTION_DRAINING) return connection->in_flight ? due_ms : 0;
    bool repeats = connection->state == CONNECTION_REAUTHENTICATING;
    if (repeats && connection->in_flight) return due_ms;
    if (repeats || connection->waiting) return earliest(due_ms, connection->muted_until_ms);
    if (connection->in_flight) return due_ms;
    return earliest(due_ms, connection->last_used_at_ms + connection->settings->idle_max_ms);
}

enum connection_want connection_take_want(struct connection *connection) {
    enum connection_want want = connection->want;
    connection->want = CONNECTION_WANTS_NOTHING;
    return want;
}

bool connection_take_output(struct connection *connection, struct buf *output) {
    must(output->data == NULL);
    return channel_take_output(connection->channel, &connection->output, output);
}

void connection_space(struct connection *connection, uint8_t **data, size_t *size) {
    channel_space(connection->channel, &connection->frames, data, size);
}

// The stream cannot be read any more: one clear line, and the connection goes.
void connection_refuse(struct connection *connection, enum status status, const char *why) {
    log_warn(
        connection->settings->log,
        "connection",
        "refused",
        "broker=%s:%" PRId32 " node=%" PRId32 " purpose=%s why=\"%s\"",
        connection->host,
        connection->port,
        connection->node_id,
        connection->purpose,
        why
    );
    connection->is_told = true;
    connection_give_up(connection, status, why);
}

static void refuse_frame(struct connection *connection, enum status status) {
    char why[160];
    uint32_t prefix = frame_reader_prefix(&connection->frames);
    const char *guess = frame_peer_guess(prefix);
    if (guess) {
        (void)snprintf(
            why,
            sizeof why,
            "the peer is no Kafka broker on a listener without TLS but speaks like %s "
            "(security.protocol)",
            guess
        );
        bool is_tls = strcmp(guess, "TLS") == 0;
        if (is_tls) status = STATUS_TLS_FAILED;
    } else if (status == STATUS_OUT_OF_MEMORY) {
        (void)snprintf(why, sizeof why, "no memory for an answer of %" PRIu32 " bytes", prefix);
    } else {
        (void)snprintf(
            why,
            sizeof why,
            "an answer's length of %" PRIu32 " bytes is outside 4..%zu (receive.message.max.bytes)",
            prefix,
            connection->settings->frame_max_bytes
        );
    }
    connection_refuse(connection, status, why);
}

// Answers the oldest request in flight with a frame; false when the connection must end.
static bool take_frame(struct connection *connection, struct chunk *frame, int64_t now_ms) {
    struct request *request = connection->in_flight;
    if (!request) {
        connection_refuse(connection, STATUS_INVALID_FRAME, "an answer came that nobody asked for");
        return false;
    }
    if (!exchange_matches(request, frame)) {
        connection_refuse(connection, STATUS_INVALID_FRAME, "an answer has a wrong correlation id");
        return false;
    }
    DL_DELETE(connection->in_flight, request);
    connection->last_used_at_ms = now_ms;
    char why[CONNECTION_ERROR_BYTES];
    bool is_own = request->owner == connection;
    enum exchange_result result = exchange_answer(connection, request, frame, now_ms, why);
    if (result == EXCHANGE_UNREADABLE) {
        connection_refuse(connection, STATUS_INVALID_FRAME, why);
        return false;
    }
    if (is_own) {
        connection_on_own_answer(connection, result, why, now_ms);
    } else {
        connection_on_served(connection);
    }
    return true;
}

// Whether bytes that come are of any use.
static bool is_read(const struct connection *connection) {
    return connection->state != CONNECTION_CLOSING && connection->state != CONNECTION_CLOSED;
}

static void take_frames(struct connection *connection, int64_t now_ms) {
    while (is_read(connection)) {
        struct chunk *frame = NULL;
        enum status status = frame_reader_take(&connection->frames, &frame);
        if (status) {
            refuse_frame(connection, status);
            return;
        }
        if (!frame) return;
        bool goes_on = take_frame(connection, frame, now_ms);
        chunk_unref(frame);
        if (!goes_on) return;
    }
}

// Some brokers hang up on a version of ApiVersions that they do not know instead of saying so.
static void note_hang_up(struct connection *connection) {
    if (connection->state == CONNECTION_NEGOTIATING) connection->negotiated_version = 0;
}

static void on_goodbye(struct connection *connection) {
    char why[CONNECTION_ERROR_BYTES];
    const char *hint = connection_hint(connection);
    (void)snprintf(why, sizeof why, "the broker closed the connection%s", hint);
    note_hang_up(connection);
    connection_give_up(connection, STATUS_DISCONNECTED, why);
}

void connection_on_bytes(struct connection *connection, size_t count, int64_t now_ms) {
    struct channel *channel = connection->channel;
    enum channel_result result = channel_on_bytes(channel, &connection->frames, count);
    while (is_read(connection)) {
        switch (result) {
        case CHANNEL_WAITS: return;
        case CHANNEL_OPEN: connection_on_secured(connection, now_ms); break;
        case CHANNEL_BYTES: take_frames(connection, now_ms); break;
        case CHANNEL_ENDED: on_goodbye(connection); return;
        case CHANNEL_FAILED:
            connection_refuse(connection, STATUS_TLS_FAILED, channel_why(channel));
            return;
        }
        if (is_read(connection)) result = channel_read(channel, &connection->frames);
    }
}

static bool is_power_of_two(int number) {
    return number > 0 && (number & (number - 1)) == 0;
}

static void log_closed(const struct connection *connection, enum connection_state before) {
    if (!connection->is_planned && !is_power_of_two(connection->failures)) return;
    if (connection->is_told) return;
    log_line(
        connection->settings->log,
        connection->is_planned ? LOG_INFO : LOG_WARN,
        "connection",
        "closed",
        "broker=%s:%" PRId32 " node=%" PRId32 " purpose=%s was=%s failures=%d why=\"%s\"",
        connection->host,
        connection->port,
        connection->node_id,
        connection->purpose,
        states[before].name,
        connection->failures,
        connection->last_error_text
    );
}

// What a socket that closed by itself tells of the connection.
static void note_unplanned(struct connection *connection, const char *why) {
    char *text = connection->last_error_text;
    size_t size = sizeof connection->last_error_text;
    bool failed = channel_on_closed(connection->channel) == CHANNEL_FAILED;
    connection->is_planned = false;
    connection->last_error = failed ? STATUS_TLS_FAILED : STATUS_DISCONNECTED;
    if (failed) {
        (void)snprintf(text, size, "%s", channel_why(connection->channel));
    } else {
        (void)snprintf(text, size, "%s%s", why, connection_hint(connection));
    }
    note_hang_up(connection);
}

// How long to wait before the next attempt. What other settings must mend is not tried often.
static int64_t backoff_ms(const struct connection *connection) {
    const struct connection_settings *settings = connection->settings;
    int64_t from_ms = settings->reconnect_backoff_ms;
    int64_t to_ms = settings->reconnect_backoff_max_ms;
    if (status_is_of_security(connection->last_error) && !connection->is_planned) {
        from_ms = settings->login->settings.backoff_ms;
        to_ms = settings->login->settings.backoff_max_ms;
    }
    return random_backoff_ms(settings->random, from_ms, to_ms, connection->failures);
}

void connection_on_closed(struct connection *connection, const char *why, int64_t now_ms) {
    if (connection->state == CONNECTION_CLOSED) return;
    enum connection_state before = connection->state;
    login_end_trial(connection->settings->login, connection);
    if (before != CONNECTION_CLOSING) note_unplanned(connection, why);
    connection->failures = connection->is_planned ? 0 : connection->failures + 1;
    connection->retry_at_ms = now_ms + backoff_ms(connection);
    if (connection->last_error == STATUS_TLS_FAILED)
        connection->settings->login->figures.tls_failures++;
    connection->failed_at_ms = now_ms;
    connection->want = CONNECTION_WANTS_NOTHING;
    connection->muted_until_ms = 0;
    connection_enter(connection, CONNECTION_CLOSED);
    log_closed(connection, before);
    dispose_attempt(connection);
    fail_all(&connection->in_flight, STATUS_DISCONNECTED, now_ms);
    fail_all(&connection->waiting, STATUS_DISCONNECTED, now_ms);
}

int16_t connection_version(
    const struct connection *connection, const struct api *api, int16_t min, int16_t max
) {
    return exchange_version(connection, api, min, max);
}
