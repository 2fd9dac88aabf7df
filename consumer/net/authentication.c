// SPDX-License-Identifier: Apache-2.0
// Each exchange begins from nothing: what an earlier one has left says nothing of this one
// (pitfall 92). The requests are the connection's own; exchange.c hands their answers here.
#include "consumer/net/authentication.h"

#include "consumer/base/must.h"
#include "consumer/base/random.h"
#include "consumer/net/connection.h"
#include "consumer/net/exchange.h"
#include "consumer/net/login.h"
#include "consumer/net/request.h"
#include "consumer/security/printable.h"
#include "consumer/security/sasl.h"
#include "consumer/security/secret.h"
#include "consumer/security/security.h"
#include "consumer/wire/api.h"
#include "consumer/wire/kafka_error.h"
#include "consumer/wire/messages_session.h"

#include <stdio.h>
#include <string.h>

// A session is renewed when so much of its lifetime is over, the latter at most: in between by
// chance, so that not all connections do it at once.
enum { RENEWED_FROM_PERCENT = 85, RENEWED_TO_PERCENT = 95 };

// However short a lifetime is, a connection is there for requests.
enum { LEAST_BETWEEN_MS = 100 };

void authentication_init(struct authentication *authentication) {
    *authentication = (struct authentication){ .repeat_at_ms = INT64_MAX };
}

static void end_exchange(struct authentication *authentication) {
    must(authentication->sasl != NULL);
    sasl_free(authentication->sasl);
    authentication->sasl = NULL;
    authentication->has_message = authentication->is_agreed = false;
    secret_dispose(&authentication->message);
}

void authentication_dispose(struct authentication *authentication) {
    if (authentication->sasl) end_exchange(authentication);
    authentication_init(authentication);
}

static struct request *own_request(struct connection *connection, enum api_key key) {
    struct request *request = request_new(api_find(key), connection->setup_due_at_ms);
    request->on_reply = exchange_ignore_reply;
    request->owner = connection;
    return request;
}

static int64_t wall_ms(const struct connection *connection, int64_t now_ms) {
    return now_ms + connection->settings->login->wall_offset_ms;
}

static bool offers(const struct connection *connection, enum api_key key) {
    return exchange_version(connection, api_find(key), 0, INT16_MAX) >= 0;
}

struct request *authentication_begin(struct connection *connection, int64_t now_ms, char *why) {
    struct authentication *authentication = connection->authentication;
    must(!authentication->sasl && connection->security && connection->security->sasl);
    if (!offers(connection, API_SASL_HANDSHAKE) || !offers(connection, API_SASL_AUTHENTICATE)) {
        (void)snprintf(why, CONNECTION_ERROR_BYTES, "the broker does not offer SASL");
        return NULL;
    }
    authentication->sasl = sasl_new(connection->security->sasl, connection->host);
    authentication->begun_at_ms = now_ms;
    if (sasl_first(authentication->sasl, wall_ms(connection, now_ms), &authentication->message) !=
        SASL_SEND) {
        (void)snprintf(why, CONNECTION_ERROR_BYTES, "%s", sasl_why(authentication->sasl));
        end_exchange(authentication);
        return NULL;
    }
    authentication->has_message = true;
    struct request *request = own_request(connection, API_SASL_HANDSHAKE);
    struct sasl_handshake_request *message = request->message;
    message->mechanism = slice_from_string(sasl_mechanism(authentication->sasl));
    return request;
}

struct request *authentication_next(struct connection *connection) {
    struct authentication *authentication = connection->authentication;
    must(authentication->is_agreed && authentication->has_message);
    struct request *request = own_request(connection, API_SASL_AUTHENTICATE);
    struct sasl_authenticate_request *message = request->message;
    // Borrowed, as it is encoded at once: a secret is not copied into more memory than it must be.
    message->auth_bytes = buf_slice(&authentication->message);
    if (!message->auth_bytes.data) message->auth_bytes.data = (const uint8_t *)"";
    authentication->has_message = false;
    return request;
}

static void list_mechanisms(
    const struct sasl_handshake_response *response, char *text, size_t size
) {
    size_t used = 0;
    must(size > 0);
    text[0] = '\0';
    for (int32_t i = 0; i < response->mechanisms_count && used < size; i++) {
        struct slice name = response->mechanisms[i];
        int count = snprintf(
            text + used,
            size - used,
            "%s%.*s",
            i > 0 ? ", " : "",
            (int)name.size,
            (const char *)name.data
        );
        if (count < 0) return;
        used += (size_t)count;
    }
}

enum authentication_result authentication_on_handshake(
    struct connection *connection, const struct sasl_handshake_response *response, char *why
) {
    struct authentication *authentication = connection->authentication;
    must(authentication->sasl && !authentication->is_agreed);
    const char *mechanism = sasl_mechanism(authentication->sasl);
    authentication->is_agreed = response->error_code == ERROR_NONE;
    if (authentication->is_agreed) return AUTHENTICATION_GOES_ON;
    if (response->error_code == ERROR_UNSUPPORTED_SASL_MECHANISM) {
        char offered[160];
        list_mechanisms(response, offered, sizeof offered);
        (void)snprintf(
            why,
            CONNECTION_ERROR_BYTES,
            "the broker does not offer the SASL mechanism %s here, but %s (sasl.mechanism)",
            mechanism,
            *offered ? offered : "none"
        );
        printable_copy(why, why, CONNECTION_ERROR_BYTES);
    } else if (response->error_code == ERROR_ILLEGAL_SASL_STATE) {
        (void)snprintf(
            why,
            CONNECTION_ERROR_BYTES,
            "the broker's listener does not use SASL (security.protocol)"
        );
    } else {
        (void)snprintf(
            why,
            CONNECTION_ERROR_BYTES,
            "the broker answered SaslHandshake for %s with error %d",
            mechanism,
            response->error_code
        );
    }
    end_exchange(authentication);
    return AUTHENTICATION_IMPOSSIBLE;
}

static enum authentication_result refused(
    struct connection *connection, const struct sasl_authenticate_response *response, char *why
) {
    struct authentication *authentication = connection->authentication;
    struct slice said = response->error_message;
    bool is_refusal = response->error_code == ERROR_SASL_AUTHENTICATION_FAILED;
    must(response->error_code != ERROR_NONE);
    (void)snprintf(
        why,
        CONNECTION_ERROR_BYTES,
        "the broker refused to authenticate by %s%s: %.*s (error %d)",
        sasl_mechanism(authentication->sasl),
        sasl_hint(authentication->sasl),
        said.size > 200 ? 200 : (int)said.size,
        said.data ? (const char *)said.data : "",
        response->error_code
    );
    printable_copy(why, why, CONNECTION_ERROR_BYTES);
    end_exchange(authentication);
    return is_refusal ? AUTHENTICATION_REFUSED : AUTHENTICATION_IMPOSSIBLE;
}

// The lifetime counts from when the broker answered, which was before now: from the beginning of
// the exchange it is safe.
static void plan_next(struct connection *connection, int64_t lifetime_ms, int64_t now_ms) {
    struct authentication *authentication = connection->authentication;
    int64_t least_ms = now_ms + LEAST_BETWEEN_MS;
    authentication->repeat_at_ms = INT64_MAX;
    if (lifetime_ms <= 0 || lifetime_ms > INT64_MAX / 200) return;
    uint64_t spread = RENEWED_TO_PERCENT - RENEWED_FROM_PERCENT + 1;
    int64_t percent =
        RENEWED_FROM_PERCENT + (int64_t)random_below(connection->settings->random, spread);
    int64_t repeat_at_ms = authentication->begun_at_ms + lifetime_ms * percent / 100;
    authentication->repeat_at_ms = repeat_at_ms > least_ms ? repeat_at_ms : least_ms;
}

enum authentication_result authentication_on_message(
    struct connection *connection,
    const struct sasl_authenticate_response *response,
    int64_t now_ms,
    char *why
) {
    struct authentication *authentication = connection->authentication;
    must(authentication->sasl && authentication->is_agreed && !authentication->has_message);
    if (response->error_code != ERROR_NONE) return refused(connection, response, why);
    buf_clear(&authentication->message);
    switch (sasl_next(authentication->sasl, response->auth_bytes, &authentication->message)) {
    case SASL_SEND: authentication->has_message = true; return AUTHENTICATION_GOES_ON;
    case SASL_DONE:
        end_exchange(authentication);
        plan_next(connection, response->session_lifetime_ms, now_ms);
        return AUTHENTICATION_DONE;
    case SASL_FAILED:
        (void)snprintf(why, CONNECTION_ERROR_BYTES, "%s", sasl_why(authentication->sasl));
        end_exchange(authentication);
        return AUTHENTICATION_IMPOSSIBLE;
    }
    must(!"a turn that is none");
    return AUTHENTICATION_IMPOSSIBLE;
}
