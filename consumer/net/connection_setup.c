// SPDX-License-Identifier: Apache-2.0
// The way of a connection from dialed to ready: TLS, the versions, SASL; and SASL again. Each state
// that a security.protocol does not need is entered and left at once.
#include "consumer/base/log.h"
#include "consumer/base/must.h"
#include "consumer/net/authentication.h"
#include "consumer/net/channel.h"
#include "consumer/net/connection_core.h"
#include "consumer/net/login.h"
#include "consumer/net/request.h"
#include "consumer/security/sasl.h"
#include "consumer/security/security.h"
#include "consumer/security/tls.h"

#include <inttypes.h>
#include <stdio.h>
#include <utlist.h>

static void send_own_take(struct connection *connection, struct request *request, int64_t now_ms) {
    must(request->owner == connection && !connection->in_flight);
    bool sent = exchange_send(connection, request, now_ms);
    must(sent);
    DL_APPEND(connection->in_flight, request);
}

void connection_on_secured(struct connection *connection, int64_t now_ms) {
    const struct tls_facts *facts = channel_facts(connection->channel);
    if (facts) {
        struct login_figures *figures = &connection->settings->login->figures;
        figures->handshakes++;
        figures->resumed_handshakes += facts->is_resumed;
    }
    connection_enter(connection, CONNECTION_NEGOTIATING);
    send_own_take(connection, exchange_api_versions(connection), now_ms);
}

void connection_on_dialed(struct connection *connection, int64_t now_ms) {
    if (connection->state != CONNECTION_DIALING) return;
    connection_enter(connection, CONNECTION_SECURING);
    struct tls_context *context = connection->security ? connection->security->tls : NULL;
    enum channel_result result =
        channel_begin(connection->channel, context, connection->host, connection->port);
    if (result == CHANNEL_OPEN) connection_on_secured(connection, now_ms);
    if (result == CHANNEL_FAILED) {
        connection_refuse(connection, STATUS_TLS_FAILED, channel_why(connection->channel));
    }
}

static void log_opened(const struct connection *connection) {
    const struct tls_facts *facts = channel_facts(connection->channel);
    const struct security *security = connection->security;
    char tls[160] = "";
    if (facts) {
        (void)snprintf(
            tls,
            sizeof tls,
            " tls=%s cipher=%s resumed=%s",
            facts->protocol,
            facts->cipher,
            facts->is_resumed ? "true" : "false"
        );
    }
    log_info(
        connection->settings->log,
        "connection",
        "opened",
        "broker=%s:%" PRId32 " node=%" PRId32 " purpose=%s%s%s%s",
        connection->host,
        connection->port,
        connection->node_id,
        connection->purpose,
        tls,
        security && security->sasl ? " sasl=" : "",
        security && security->sasl ? sasl_credentials_mechanism(security->sasl) : ""
    );
}

static void become_ready(struct connection *connection, int64_t now_ms) {
    must(!connection->in_flight);
    bool is_first = connection->state == CONNECTION_AUTHENTICATING;
    connection_enter(connection, CONNECTION_READY);
    connection->last_used_at_ms = now_ms;
    connection->last_error = STATUS_OK;
    if (is_first && connection->failures == 0) log_opened(connection);
}

// A broker may let us in and hang up at the first request, again and again: behind failures, a
// connection is only worth a line when it has been of use.
void connection_on_served(struct connection *connection) {
    connection->has_answered = true;
    if (connection->failures == 0) return;
    connection->failures = 0;
    log_opened(connection);
}

// Credentials that were good and are not taken when they are shown again get one more chance on a
// new connection at once: some brokers take new ones, or those of another mechanism, there alone
// (pitfall 91).
static void refuse_login(struct connection *connection, const char *why) {
    bool is_again = connection->state == CONNECTION_REAUTHENTICATING;
    enum status status = is_again ? STATUS_DISCONNECTED : STATUS_AUTHENTICATION_FAILED;
    connection_refuse(connection, status, why);
}

static void authenticate(struct connection *connection, int64_t now_ms) {
    char why[CONNECTION_ERROR_BYTES];
    struct request *request = authentication_begin(connection, now_ms, why);
    if (request) {
        send_own_take(connection, request, now_ms);
    } else {
        refuse_login(connection, why);
    }
}

static void on_negotiated(struct connection *connection, int64_t now_ms) {
    connection_enter(connection, CONNECTION_AUTHENTICATING);
    if (connection->security && connection->security->sasl) {
        authenticate(connection, now_ms);
        return;
    }
    become_ready(connection, now_ms);
}

static void on_authenticated(struct connection *connection, int64_t now_ms) {
    struct login *login = connection->settings->login;
    bool is_first = connection->state == CONNECTION_AUTHENTICATING;
    login_on_accepted(login, connection->security_version);
    if (!is_first) login->figures.reauthentications++;
    become_ready(connection, now_ms);
    if (is_first) return;
    log_debug(
        connection->settings->log,
        "connection",
        "authenticated again",
        "broker=%s:%" PRId32 " node=%" PRId32 " purpose=%s",
        connection->host,
        connection->port,
        connection->node_id,
        connection->purpose
    );
}

static void on_refused(struct connection *connection, const char *why, int64_t now_ms) {
    const struct connection_settings *settings = connection->settings;
    if (connection->state != CONNECTION_REAUTHENTICATING)
        login_on_refused(settings->login, connection->security_version, settings->random, now_ms);
    refuse_login(connection, why);
}

void connection_on_own_answer(
    struct connection *connection, enum exchange_result result, const char *why, int64_t now_ms
) {
    switch (result) {
    case EXCHANGE_NEGOTIATED: on_negotiated(connection, now_ms); return;
    case EXCHANGE_ASK_AGAIN:
        send_own_take(connection, exchange_api_versions(connection), now_ms);
        return;
    case EXCHANGE_GOES_ON:
        send_own_take(connection, authentication_next(connection), now_ms);
        return;
    case EXCHANGE_AUTHENTICATED: on_authenticated(connection, now_ms); return;
    case EXCHANGE_REFUSED: on_refused(connection, why, now_ms); return;
    case EXCHANGE_IMPOSSIBLE: refuse_login(connection, why); return;
    case EXCHANGE_ANSWERED:
    case EXCHANGE_UNREADABLE: break;
    }
    must(!"an answer that is not the connection's own");
}

void connection_reauthenticate(struct connection *connection, int64_t now_ms) {
    must(connection->state == CONNECTION_REAUTHENTICATING);
    connection_take_security(connection);
    connection_plan_setup(connection, now_ms);
    authenticate(connection, now_ms);
}

const char *connection_hint(const struct connection *connection) {
    bool has_tls = connection->security && connection->security->tls;
    bool has_sasl = connection->security && connection->security->sasl;
    switch (connection->state) {
    case CONNECTION_NEGOTIATING:
        return has_tls ? "" : " (as a listener with TLS does when there is none)";
    case CONNECTION_AUTHENTICATING:
    case CONNECTION_REAUTHENTICATING: return " (in the SASL exchange)";
    case CONNECTION_READY:
        if (has_sasl || connection->has_answered || !connection->in_flight) return "";
        return " (at the first request, as a listener with SASL does when there is none)";
    case CONNECTION_CLOSED:
    case CONNECTION_DIALING:
    case CONNECTION_SECURING:
    case CONNECTION_DRAINING:
    case CONNECTION_CLOSING: return "";
    }
    must(!"a state that is none");
    return "";
}
