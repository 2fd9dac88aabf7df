// SPDX-License-Identifier: Apache-2.0
// One client's connection: frames in, one served at a time, answers out.
#include "consumer/base/must.h"
#include "consumer/wire/reader.h"
#include "tests/fake_kafka/fake_call.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

enum { LENGTH_BYTES = 4, MOST_FRAME_BYTES = 64 * 1024 * 1024 };

struct fake_connection *fake_connection_open(struct fake_cluster *cluster, int32_t node_id) {
    struct fake_broker *broker = fake_cluster_find_broker(cluster, node_id);
    must(broker != NULL && broker->is_up);
    struct fake_connection *connection = must_alloc(sizeof *connection);
    connection->cluster = cluster;
    connection->broker = broker;
    DL_APPEND(broker->connections, connection);
    return connection;
}

// A held call of a client that has gone: dropped, or left to go on without it.
static void let_go(struct fake_connection *connection) {
    struct fake_call *call = connection->call;
    if (!call) return;
    if (call->on_gone) {
        call->on_gone(call);
    } else {
        call->connection = NULL;
    }
    connection->call = NULL;
}

void fake_connection_close(struct fake_connection *connection) {
    let_go(connection);
    DL_DELETE(connection->broker->connections, connection);
    buf_dispose(&connection->input);
    buf_dispose(&connection->output);
    buf_dispose(&connection->late);
    free(connection);
}

void fake_connection_on_bytes(struct fake_connection *connection, const void *data, size_t size) {
    if (!connection->is_closing) buf_append(&connection->input, data, size);
}

bool fake_connection_take_output(struct fake_connection *connection, struct buf *output) {
    must(output->data == NULL);
    if (connection->output.size == 0) return false;
    *output = connection->output;
    connection->output = (struct buf){ 0 };
    return true;
}

bool fake_connection_is_closed(const struct fake_connection *connection) {
    return connection->is_closing;
}

// Serves the first frame received; false when there is none that is whole.
static bool serve_frame(struct fake_connection *connection) {
    struct buf *input = &connection->input;
    struct reader reader = reader_over(buf_slice(input));
    int32_t size = reader_int32(&reader);
    if (reader.bad) return false;
    if (size < 0 || size > MOST_FRAME_BYTES) {
        connection->is_closing = true;
        return false;
    }
    struct slice frame = reader_take(&reader, (size_t)size);
    if (reader.bad) return false;
    if (!fake_call_start(connection, frame)) connection->is_closing = true;
    size_t used = LENGTH_BYTES + (size_t)size;
    memmove(input->data, input->data + used, input->size - used);
    input->size -= used;
    return true;
}

static bool may_serve(const struct fake_connection *connection) {
    const struct fake_cluster *cluster = connection->cluster;
    return !connection->call && !connection->is_closing && !connection->is_stuck &&
           !connection->broker->is_frozen && cluster->now_ms >= connection->busy_until_ms;
}

void fake_connection_step(struct fake_connection *connection) {
    if (connection->broker->is_frozen) return;
    if (connection->late.size > 0 && connection->cluster->now_ms >= connection->busy_until_ms) {
        buf_append(&connection->output, connection->late.data, connection->late.size);
        buf_dispose(&connection->late);
    }
    struct fake_call *call = connection->call;
    if (call && call->on_step) call->on_step(call);
    while (may_serve(connection) && serve_frame(connection)) {}
}

int64_t fake_connection_next_due_ms(const struct fake_connection *connection) {
    if (connection->broker->is_frozen) return INT64_MAX;
    bool waits = connection->busy_until_ms > connection->cluster->now_ms;
    int64_t due_ms = waits ? connection->busy_until_ms : INT64_MAX;
    const struct fake_call *call = connection->call;
    return call && call->due_at_ms < due_ms ? call->due_at_ms : due_ms;
}
