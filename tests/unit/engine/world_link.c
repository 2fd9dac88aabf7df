// SPDX-License-Identifier: Apache-2.0
// Connections between engines and brokers: a link carries bytes both ways, each message with its
// latency, in order.
#include "consumer/base/must.h"
#include "tests/unit/engine/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

// What is on its way.
enum packet_kind { PACKET_DIAL, PACKET_TO_BROKER, PACKET_TO_CLIENT, PACKET_END };

struct packet {
    struct packet *prev;
    struct packet *next;
    enum packet_kind kind;
    int64_t due_ms;
    struct buf bytes;
};

struct world_link {
    struct world_link *prev;
    struct world_link *next;
    struct world_consumer *consumer;
    struct connection *connection; // the engine's end
    struct fake_connection *broker_end;
    struct packet *packets;
    int64_t last_up_ms;
    int64_t last_down_ms;
    bool has_ended; // the end is on its way to the engine
};

static struct packet *send(struct world_link *link, enum packet_kind kind, int64_t due_ms) {
    struct packet *packet = must_alloc(sizeof *packet);
    packet->kind = kind;
    packet->due_ms = due_ms;
    DL_APPEND(link->packets, packet);
    return packet;
}

static int64_t travel_ms(struct world *world) {
    return world->latency_ms +
           (int64_t)random_below(&world->random, (uint64_t)world->jitter_ms + 1);
}

// Messages of one direction do not overtake each other.
static int64_t arrival_ms(struct world *world, int64_t *last_ms) {
    int64_t due_ms = world->now_ms + travel_ms(world);
    if (due_ms < *last_ms) due_ms = *last_ms;
    *last_ms = due_ms;
    return due_ms;
}

static void free_packet(struct world_link *link, struct packet *packet) {
    DL_DELETE(link->packets, packet);
    buf_dispose(&packet->bytes);
    free(packet);
}

static void close_broker_end(struct world_link *link) {
    if (!link->broker_end) return;
    fake_connection_close(link->broker_end);
    link->broker_end = NULL;
}

static void free_link(struct world *world, struct world_link *link) {
    while (link->packets)
        free_packet(link, link->packets);
    close_broker_end(link);
    DL_DELETE(world->links, link);
    free(link);
}

// The engine's end is closed: told as a driver would, a moment later.
static void end_link(struct world_link *link, int64_t due_ms) {
    if (link->has_ended) return;
    link->has_ended = true;
    send(link, PACKET_END, due_ms);
}

static void dial(
    struct world *world, struct world_consumer *consumer, struct connection *connection
) {
    must(connection->transport == NULL);
    struct world_link *link = must_alloc(sizeof *link);
    link->consumer = consumer;
    link->connection = connection;
    connection->transport = link;
    connection->dial_count++;
    DL_APPEND(world->links, link);
    struct fake_broker *broker =
        fake_cluster_find_address(&world->cluster, connection->host, connection->port);
    bool lost = broker && (world->black_holes & (1u << broker->node_id));
    if (!lost) send(link, PACKET_DIAL, world->now_ms + world->dial_ms);
}

void world_links_serve(struct world *world, struct world_consumer *consumer) {
    struct connection *connection = engine_next_connection(consumer->engine, NULL);
    for (; connection; connection = engine_next_connection(consumer->engine, connection)) {
        enum connection_want want = connection_take_want(connection);
        if (want == CONNECTION_WANTS_DIAL) dial(world, consumer, connection);
        struct world_link *link = connection->transport;
        struct buf output = { 0 };
        if (connection_take_output(connection, &output)) {
            if (link && link->broker_end && !link->has_ended) {
                struct packet *packet =
                    send(link, PACKET_TO_BROKER, arrival_ms(world, &link->last_up_ms));
                packet->bytes = output;
            } else {
                buf_dispose(&output);
            }
        }
        if (want == CONNECTION_WANTS_CLOSE) {
            must(link != NULL);
            close_broker_end(link);
            end_link(link, world->now_ms);
        }
    }
}

static void on_dial(struct world *world, struct world_link *link) {
    struct connection *connection = link->connection;
    struct fake_broker *broker =
        fake_cluster_find_address(&world->cluster, connection->host, connection->port);
    if (!broker || link->consumer->is_dead) {
        end_link(link, world->now_ms);
        return;
    }
    link->broker_end = fake_connection_open(&world->cluster, broker->node_id);
    engine_on_dialed(link->consumer->engine, connection, world->now_ms);
}

static void on_bytes(struct world *world, struct world_link *link, const struct buf *bytes) {
    size_t done = 0;
    while (done < bytes->size && !link->has_ended) {
        uint8_t *space = NULL;
        size_t size = 0;
        connection_space(link->connection, &space, &size);
        if (size > bytes->size - done) size = bytes->size - done;
        memcpy(space, bytes->data + done, size);
        done += size;
        engine_on_bytes(link->consumer->engine, link->connection, size, world->now_ms);
    }
}

// Delivers one packet; true when the link is no more.
static bool deliver(struct world *world, struct world_link *link, struct packet *packet) {
    struct world_consumer *consumer = link->consumer;
    enum packet_kind kind = packet->kind;
    struct buf bytes = packet->bytes;
    packet->bytes = (struct buf){ 0 };
    free_packet(link, packet);
    if (kind != PACKET_TO_BROKER) consumer->is_woken = true;
    switch (kind) {
    case PACKET_DIAL:
        if (!link->has_ended) on_dial(world, link);
        break;
    case PACKET_TO_BROKER:
        if (link->broker_end) fake_connection_on_bytes(link->broker_end, bytes.data, bytes.size);
        break;
    case PACKET_TO_CLIENT: on_bytes(world, link, &bytes); break;
    case PACKET_END: {
        struct connection *connection = link->connection;
        connection->transport = NULL;
        free_link(world, link);
        engine_on_closed(consumer->engine, connection, "the link has ended", world->now_ms);
        return true;
    }
    }
    buf_dispose(&bytes);
    return false;
}

void world_links_deliver(struct world *world) {
    struct world_link *link;
    struct world_link *next_link;
    DL_FOREACH_SAFE(world->links, link, next_link) {
        struct packet *packet = link->packets;
        bool is_gone = false;
        while (packet && !is_gone) {
            struct packet *next = packet->next;
            if (packet->due_ms <= world->now_ms) is_gone = deliver(world, link, packet);
            packet = next;
        }
    }
}

void world_links_collect(struct world *world) {
    struct world_link *link;
    DL_FOREACH(world->links, link) {
        if (!link->broker_end) continue;
        struct buf output = { 0 };
        if (fake_connection_take_output(link->broker_end, &output)) {
            struct packet *packet =
                send(link, PACKET_TO_CLIENT, arrival_ms(world, &link->last_down_ms));
            packet->bytes = output;
        }
        if (fake_connection_is_closed(link->broker_end)) {
            close_broker_end(link);
            end_link(link, arrival_ms(world, &link->last_down_ms));
        }
    }
}

int64_t world_links_due_ms(const struct world *world) {
    int64_t due_ms = INT64_MAX;
    const struct world_link *link;
    DL_FOREACH(world->links, link) {
        const struct packet *packet;
        DL_FOREACH(link->packets, packet) {
            if (packet->due_ms < due_ms) due_ms = packet->due_ms;
        }
    }
    return due_ms;
}

void world_links_cut(struct world *world, const struct world_consumer *consumer) {
    struct world_link *link;
    DL_FOREACH(world->links, link) {
        if (link->consumer != consumer) continue;
        close_broker_end(link);
        end_link(link, world->now_ms);
    }
}
