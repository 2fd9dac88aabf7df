// SPDX-License-Identifier: Apache-2.0
// Decodes a frame, lets the API's handler serve it, and encodes the answer; a fault that is in line
// for the API strikes on the way.
#include "tests/fake_kafka/fake_call.h"

#include "consumer/base/must.h"
#include "consumer/wire/field.h"
#include "consumer/wire/messages_session.h"
#include "consumer/wire/reader.h"
#include "consumer/wire/writer.h"
#include "tests/fake_kafka/fake_versions.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

enum { OTHER_CORRELATION = 0x01000000, LENGTH_BYTES = 4 };

int16_t fake_call_error(const struct fake_call *call) {
    bool strikes = call->has_fault && call->fault.kind == FAKE_FAULT_ERROR;
    if (strikes) return call->fault.code;
    return 0;
}

int16_t fake_call_partition_error(
    const struct fake_call *call, struct slice topic, int32_t partition
) {
    const struct fake_fault *fault = &call->fault;
    if (!call->has_fault || fault->kind != FAKE_FAULT_PARTITION_ERROR) return 0;
    bool all = fault->topic == NULL;
    bool this_one =
        !all && slice_equal_string(topic, fault->topic) && fault->partition == partition;
    if (all || this_one) return fault->code;
    return 0;
}

void *fake_call_array(struct fake_call *call, const struct schema *schema, int32_t count) {
    must(count >= 0);
    uint8_t *items = arena_array(&call->arena, (size_t)count + 1, schema->size);
    for (int32_t i = 0; i < count; i++)
        schema_init(schema, items + (size_t)i * schema->size);
    return items;
}

void fake_call_free(struct fake_call *call) {
    if (call->connection) call->connection->call = NULL;
    struct arena arena = call->arena;
    arena_dispose(&arena);
    free(call);
}

static void set_throttle(const struct fake_call *call, int32_t wait_ms) {
    const struct schema *schema = call->api->response;
    for (size_t i = 0; i < schema->field_count; i++) {
        if (strcmp(schema->fields[i].name, "throttle_time_ms") != 0) continue;
        memcpy((char *)call->response + schema->fields[i].offset, &wait_ms, sizeof wait_ms);
    }
}

static void encode(struct fake_call *call, int16_t version, struct buf *out) {
    bool misdirected = call->has_fault && call->fault.kind == FAKE_FAULT_WRONG_CORRELATION;
    struct response_header header = { .correlation_id = call->correlation_id };
    if (misdirected) header.correlation_id ^= OTHER_CORRELATION;
    size_t start = out->size;
    writer_int32(out, 0);
    int16_t header_version = api_response_header_version(call->api, version);
    enum status status = schema_encode(&response_header_schema, header_version, &header, out);
    must(!status);
    status = schema_encode(call->api->response, version, call->response, out);
    must(!status);
    writer_int32_at(out, start, (int32_t)(out->size - start - LENGTH_BYTES));
}

static void send_late(struct fake_connection *connection, struct buf *answer, int64_t wait_ms) {
    connection->busy_until_ms = connection->cluster->now_ms + wait_ms;
    connection->late = *answer;
    *answer = (struct buf){ 0 };
}

// Sends an answer as its fault has it.
static void send_answer(
    struct fake_connection *connection, const struct fake_fault *fault, struct buf *answer
) {
    switch (fault->kind) {
    case FAKE_FAULT_DELAY: send_late(connection, answer, fault->number); return;
    case FAKE_FAULT_CUT:
        if ((size_t)fault->number < answer->size) answer->size = (size_t)fault->number;
        connection->is_closing = true;
        break;
    case FAKE_FAULT_BYTES:
        buf_clear(answer);
        buf_append(answer, fault->bytes.data, fault->bytes.size);
        connection->is_stuck = true;
        break;
    case FAKE_FAULT_THROTTLE:
        connection->busy_until_ms = connection->cluster->now_ms + fault->number;
        break;
    case FAKE_FAULT_LOST: connection->is_closing = true; return;
    case FAKE_FAULT_ERROR:
    case FAKE_FAULT_PARTITION_ERROR:
    case FAKE_FAULT_EDIT:
    case FAKE_FAULT_WRONG_CORRELATION:
    case FAKE_FAULT_HANG_UP:
    case FAKE_FAULT_NEVER: break;
    }
    buf_append(&connection->output, answer->data, answer->size);
}

static void answer_in(struct fake_call *call, int16_t version) {
    struct fake_connection *connection = call->connection;
    if (connection && !connection->is_closing) {
        struct buf answer = { 0 };
        if (call->has_fault && call->fault.kind == FAKE_FAULT_EDIT)
            call->fault.edit(call->fault.arg, &call->arena, version, call->response);
        if (call->has_fault && call->fault.kind == FAKE_FAULT_THROTTLE)
            set_throttle(call, (int32_t)call->fault.number);
        encode(call, version, &answer);
        if (call->has_fault) {
            send_answer(connection, &call->fault, &answer);
        } else {
            buf_append(&connection->output, answer.data, answer.size);
        }
        buf_dispose(&answer);
    }
    fake_call_free(call);
}

void fake_call_answer(struct fake_call *call) {
    answer_in(call, call->version);
}

// ------------------------------------------------------------------------------------------------
// Requests

// What can be known of a frame before its API and version are.
struct prefix {
    int16_t key;
    int16_t version;
    int32_t correlation_id;
};

static struct prefix read_prefix(struct slice frame) {
    struct reader reader = reader_over(frame);
    struct prefix prefix = { 0 };
    prefix.key = reader_int16(&reader);
    prefix.version = reader_int16(&reader);
    prefix.correlation_id = reader_int32(&reader);
    if (reader.bad) prefix.key = -1;
    return prefix;
}

static struct fake_call *new_call(
    struct fake_connection *connection, const struct fake_api *api, const struct prefix *prefix
) {
    struct fake_call *call = must_alloc(sizeof *call);
    call->cluster = connection->cluster;
    call->connection = connection;
    call->broker = connection->broker->node_id;
    call->api = api->api;
    call->version = prefix->version;
    call->correlation_id = prefix->correlation_id;
    call->due_at_ms = INT64_MAX;
    call->request = arena_alloc(&call->arena, api->api->request->size);
    call->response = arena_alloc(&call->arena, api->api->response->size);
    schema_init(api->api->response, call->response);
    connection->call = call;
    return call;
}

static bool decode(struct fake_call *call, struct slice frame) {
    struct slice bytes = arena_copy(&call->arena, frame);
    struct reader reader = reader_over(bytes);
    struct request_header header;
    int16_t header_version = api_request_header_version(call->api, call->version);
    if (schema_decode(&request_header_schema, header_version, &reader, &call->arena, &header))
        return false;
    call->client_id = header.client_id;
    return schema_decode(call->api->request, call->version, &reader, &call->arena, call->request) ==
           STATUS_OK;
}

static void note_seen(const struct fake_call *call) {
    const struct fake_cluster *cluster = call->cluster;
    if (!cluster->on_seen) return;
    struct fake_seen seen = {
        .api = call->api->key,
        .version = call->version,
        .broker = call->broker,
        .connection = call->connection,
        .now_ms = cluster->now_ms,
        .request = call->request,
    };
    cluster->on_seen(cluster->on_seen_arg, &seen);
}

static void serve(struct fake_call *call, fake_handler *handler) {
    struct fake_cluster *cluster = call->cluster;
    note_seen(call);
    call->has_fault =
        fake_faults_take(&cluster->faults, call->api->key, call->broker, &call->fault);
    if (call->has_fault && call->fault.kind == FAKE_FAULT_HANG_UP) {
        call->connection->is_closing = true;
        fake_call_free(call);
        return;
    }
    if (call->has_fault && call->fault.kind == FAKE_FAULT_NEVER) {
        call->connection->is_stuck = true;
        fake_call_free(call);
        return;
    }
    switch (handler(call)) {
    case FAKE_ANSWERED: fake_call_answer(call); return;
    case FAKE_SILENT: fake_call_free(call); return;
    case FAKE_HELD: return;
    }
}

static bool speaks(const struct fake_api *api, int16_t version) {
    bool offered = version >= api->min_version && version <= api->max_version;
    // Some clients ask for versions of ApiVersions that consumers here do not; they are as v0 is
    // and so would be more tables for nothing.
    return offered && api_speaks(api->api, version);
}

bool fake_call_start(struct fake_connection *connection, struct slice frame) {
    struct prefix prefix = read_prefix(frame);
    struct fake_api api;
    if (!fake_versions_find(connection->cluster->profile, prefix.key, &api)) return false;
    if (speaks(&api, prefix.version)) {
        struct fake_call *call = new_call(connection, &api, &prefix);
        if (!decode(call, frame)) {
            fake_call_free(call);
            return false;
        }
        serve(call, api.handler);
        return true;
    }
    if (prefix.key != API_API_VERSIONS) return false;
    struct fake_call *call = new_call(connection, &api, &prefix);
    fake_versions_refuse(call);
    answer_in(call, 0);
    return true;
}
