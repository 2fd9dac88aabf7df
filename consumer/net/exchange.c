// SPDX-License-Identifier: Apache-2.0
// Every message goes through the schema tables here, and nowhere else. Decoded messages live in an
// arena whose limit is in proportion to the frame, so that a hostile answer cannot blow up.
#include "consumer/net/exchange.h"

#include "consumer/base/log.h"
#include "consumer/base/must.h"
#include "consumer/base/random.h"
#include "consumer/net/authentication.h"
#include "consumer/net/request.h"
#include "consumer/wire/api.h"
#include "consumer/wire/field.h"
#include "consumer/wire/messages_session.h"
#include "consumer/wire/reader.h"
#include "consumer/wire/schema.h"
#include "consumer/wire/writer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    ARENA_BYTES_A_FRAME_BYTE = 32,
    ARENA_BYTES_AT_LEAST = 64 * 1024,
    UNSUPPORTED_VERSION_CODE = 35
};

void exchange_fail(struct request *request, enum status status, int64_t now_ms) {
    must(status != STATUS_OK);
    struct reply reply = {
        .status = status,
        .request = request->message,
        .version = request->version,
        .owner_tag = request->owner_tag,
        .now_ms = now_ms,
    };
    request_finish(request, &reply);
}

int16_t exchange_version(
    const struct connection *connection, const struct api *api, int16_t min, int16_t max
) {
    must((size_t)api->key < CONNECTION_APIS);
    struct version_range range = connection->versions[api->key];
    if (api->key == API_API_VERSIONS) return connection->negotiated_version;
    if (min < api->min_version) min = api->min_version;
    if (max > api->max_version) max = api->max_version;
    if (max > range.max) max = range.max;
    if (min < range.min) min = range.min;
    if (max < min) return -1;
    return max;
}

static enum status encode(
    const struct connection *connection, const struct request *request, struct buf *out
) {
    must(request->version >= 0);
    struct request_header header;
    schema_init(&request_header_schema, &header);
    header.request_api_key = (int16_t)request->api->key;
    header.request_api_version = request->version;
    header.correlation_id = request->correlation_id;
    header.client_id = slice_from_string(connection->settings->client_id);
    size_t start = out->size;
    writer_int32(out, 0);
    int16_t header_version = api_request_header_version(request->api, request->version);
    enum status status = schema_encode(&request_header_schema, header_version, &header, out);
    if (!status)
        status = schema_encode(request->api->request, request->version, request->message, out);
    size_t size = out->size - start - 4;
    if (!status && size > INT32_MAX) status = STATUS_TOO_LARGE;
    if (status) {
        out->size = start;
        return status;
    }
    writer_int32_at(out, start, (int32_t)size);
    return STATUS_OK;
}

bool exchange_send(struct connection *connection, struct request *request, int64_t now_ms) {
    int16_t version =
        exchange_version(connection, request->api, request->min_version, request->max_version);
    if (version < 0) {
        exchange_fail(request, STATUS_UNSUPPORTED_VERSION, now_ms);
        return false;
    }
    must(request->version == -1);
    request->version = version;
    request->correlation_id = connection->next_correlation_id;
    enum status status = encode(connection, request, &connection->output);
    if (status) {
        exchange_fail(request, status, now_ms);
        return false;
    }
    connection->next_correlation_id =
        (int32_t)(((uint32_t)connection->next_correlation_id + 1) & INT32_MAX);
    request->sent_at_ms = now_ms;
    return true;
}

void exchange_ignore_reply(void *owner, const struct reply *reply) {
    (void)owner, (void)reply;
}

struct request *exchange_api_versions(struct connection *connection) {
    struct request *request = request_new(api_find(API_API_VERSIONS), connection->setup_due_at_ms);
    request->on_reply = exchange_ignore_reply;
    request->owner = connection;
    struct api_versions_request *message = request->message;
    message->client_software_name = SLICE_LITERAL("kafka-sidecar");
    message->client_software_version = SLICE_LITERAL(SIDECAR_VERSION);
    return request;
}

bool exchange_matches(const struct request *request, const struct chunk *frame) {
    struct reader reader = reader_over((struct slice){ frame->data, frame->size });
    return reader_int32(&reader) == request->correlation_id && !reader.bad;
}

static void note_versions(
    struct connection *connection, const struct api_versions_response *response
) {
    for (size_t i = 0; i < CONNECTION_APIS; i++)
        connection->versions[i] = (struct version_range){ .min = 1, .max = 0 };
    must(response->error_code == 0);
    for (int32_t i = 0; i < response->api_keys_count; i++) {
        int16_t key = response->api_keys[i].api_key;
        if (key < 0 || key >= CONNECTION_APIS) continue;
        connection->versions[key].min = response->api_keys[i].min_version;
        connection->versions[key].max = response->api_keys[i].max_version;
    }
}

static enum exchange_result on_api_versions(
    struct connection *connection,
    const struct api_versions_response *response,
    char why[CONNECTION_ERROR_BYTES]
) {
    if (response->error_code == 0) {
        note_versions(connection, response);
        return EXCHANGE_NEGOTIATED;
    }
    if (response->error_code == UNSUPPORTED_VERSION_CODE && connection->negotiated_version > 0) {
        connection->negotiated_version = 0;
        return EXCHANGE_ASK_AGAIN;
    }
    (void)snprintf(
        why,
        CONNECTION_ERROR_BYTES,
        "the broker answered ApiVersions with error %d",
        response->error_code
    );
    return EXCHANGE_UNREADABLE;
}

static enum exchange_result of_authentication(enum authentication_result result) {
    switch (result) {
    case AUTHENTICATION_GOES_ON: return EXCHANGE_GOES_ON;
    case AUTHENTICATION_DONE: return EXCHANGE_AUTHENTICATED;
    case AUTHENTICATION_REFUSED: return EXCHANGE_REFUSED;
    case AUTHENTICATION_IMPOSSIBLE: return EXCHANGE_IMPOSSIBLE;
    }
    must(!"a result that is none");
    return EXCHANGE_IMPOSSIBLE;
}

// An answer to a request of the connection's own.
static enum exchange_result on_own(
    struct connection *connection,
    const struct request *request,
    const void *message,
    int64_t now_ms,
    char why[CONNECTION_ERROR_BYTES]
) {
    must(request->owner == connection);
    if (request->api->key == API_SASL_HANDSHAKE)
        return of_authentication(authentication_on_handshake(connection, message, why));
    if (request->api->key == API_SASL_AUTHENTICATE)
        return of_authentication(authentication_on_message(connection, message, now_ms, why));
    return on_api_versions(connection, message, why);
}

// A refused ApiVersions comes in the layout of version 0, whatever was asked.
static int16_t version_of_answer(const struct request *request, struct slice body) {
    if (request->api->key != API_API_VERSIONS) return request->version;
    struct reader reader = reader_over(body);
    if (reader_int16(&reader) == UNSUPPORTED_VERSION_CODE) return 0;
    return request->version;
}

static enum status decode(
    const struct request *request, const struct chunk *frame, struct arena *arena, void **message
) {
    struct reader reader = reader_over((struct slice){ frame->data, frame->size });
    struct response_header header;
    int16_t header_version = api_response_header_version(request->api, request->version);
    enum status status =
        schema_decode(&response_header_schema, header_version, &reader, arena, &header);
    if (status) return status;
    *message = arena_alloc(arena, request->api->response->size);
    struct slice body = { reader.at, reader_left(&reader) };
    int16_t version = version_of_answer(request, body);
    return schema_decode(request->api->response, version, &reader, arena, *message);
}

static int32_t throttle_time_ms(const struct api *api, int16_t version, const void *message) {
    for (size_t i = 0; i < api->response->field_count; i++) {
        const struct field *field = &api->response->fields[i];
        if (strcmp(field->name, "throttle_time_ms") != 0) continue;
        int32_t value = 0;
        memcpy(&value, (const char *)message + field->offset, sizeof value);
        return field_in_version(field, version) && value > 0 ? value : 0;
    }
    return 0;
}

static void throttle(
    struct connection *connection,
    const struct request *request,
    const void *message,
    int64_t now_ms
) {
    int32_t wait_ms = throttle_time_ms(request->api, request->version, message);
    if (wait_ms == 0) return;
    log_info(
        connection->settings->log,
        "connection",
        "throttled",
        "node=%" PRId32 " api=%s for_ms=%" PRId32,
        connection->node_id,
        request->api->name,
        wait_ms
    );
    if (now_ms + wait_ms > connection->muted_until_ms)
        connection->muted_until_ms = now_ms + wait_ms;
}

enum exchange_result exchange_answer(
    struct connection *connection,
    struct request *request,
    struct chunk *frame,
    int64_t now_ms,
    char why[CONNECTION_ERROR_BYTES]
) {
    struct arena arena;
    arena_init(&arena, frame->size * ARENA_BYTES_A_FRAME_BYTE + ARENA_BYTES_AT_LEAST);
    struct reply reply = {
        .request = request->message,
        .chunk = frame,
        .version = request->version,
        .owner_tag = request->owner_tag,
        .now_ms = now_ms,
    };
    void *message = NULL;
    enum exchange_result result = EXCHANGE_ANSWERED;
    reply.status = decode(request, frame, &arena, &message);
    if (reply.status) {
        (void)snprintf(
            why,
            CONNECTION_ERROR_BYTES,
            "an answer to %s v%d cannot be read",
            request->api->name,
            request->version
        );
        result = EXCHANGE_UNREADABLE;
    } else {
        reply.message = message;
        if (request->owner == connection)
            result = on_own(connection, request, message, now_ms, why);
        throttle(connection, request, message, now_ms);
    }
    request_finish(request, &reply);
    arena_dispose(&arena);
    return result;
}
