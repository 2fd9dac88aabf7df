// SPDX-License-Identifier: Apache-2.0
// fake-kafka: the fake cluster as a program, for demonstrations where no real Kafka can be had and
// for trials by hand. What it holds is gone when it ends.
#include "consumer/base/must.h"
#include "consumer/wire/messages_session.h"
#include "tests/fake_kafka/fake_server.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_ORDERS = 300, ORDERS_PARTITIONS = 3, CUSTOMERS = 40, MOST_PARTITIONS = 10000 };

static const char usage[] =
    "usage: fake-kafka --port PORT [--topic NAME:PARTITIONS]... [--sample-orders]\n"
    "  --port PORT              listen on 127.0.0.1:PORT\n"
    "  --topic NAME:PARTITIONS  have this topic from the start; others are made when they are "
    "asked for\n"
    "  --sample-orders          fill the topic orders with sample records, and add one every "
    "second\n"
    "  --error API:CODE             answer this API (Metadata, …) with an error code, at its "
    "highest "
    "level\n"
    "  --partition-error API:CODE   answer it with an error code for every partition\n"
    "  --silent API                 never answer it\n"
    "  --without API                do not offer it\n";

// The next order's number; 0: no sample orders.
static int next_order;

static void add_order(struct fake_cluster *cluster) {
    static const char *const items[] = { "tea", "coffee", "bread", "olives", "honey", "figs" };
    static const char *const channels[] = { "web", "app", "shop" };
    if (next_order == 0) return;
    int number = next_order++;
    int cents = number * 37 % 900 + 100;
    int64_t now_ms = cluster->now_ms + cluster->wall_offset_ms;
    char key[32];
    char value[256];
    (void)snprintf(key, sizeof key, "c-%d", number * 7 % CUSTOMERS);
    (void)snprintf(
        value,
        sizeof value,
        "{\"order\":%d,\"customer\":\"%s\",\"item\":\"%s\",\"quantity\":%d,\"price\":%d.%02d,"
        "\"placed_at\":%" PRId64 "}",
        number,
        key,
        items[number % 6],
        number % 5 + 1,
        cents / 100,
        cents % 100,
        now_ms / 1000
    );
    const struct header_to_write headers[] = {
        { SLICE_LITERAL("channel"), slice_from_string(channels[number % 3]) },
        { SLICE_LITERAL("source"), SLICE_LITERAL("fake-kafka") },
    };
    const struct record_to_write record = {
        .timestamp = now_ms,
        .key = slice_from_string(key),
        .value = slice_from_string(value),
        .headers = headers,
        .header_count = sizeof headers / sizeof headers[0],
    };
    const struct fake_topic *topic = fake_topic_find(cluster, SLICE_LITERAL("orders"));
    must(topic != NULL);
    int32_t partition = number * 7 % CUSTOMERS % topic->partition_count;
    fake_log_append_record(&topic->partitions[partition].log, &record);
}

static void add_sample_orders(struct fake_cluster *cluster) {
    if (!fake_topic_find(cluster, SLICE_LITERAL("orders")))
        (void)fake_topic_add(cluster, "orders", ORDERS_PARTITIONS);
    next_order = 1;
    while (next_order <= FIRST_ORDERS)
        add_order(cluster);
}

// A whole number from 1 to `most`; 0: none.
static int32_t parse_number(const char *text, int32_t most) {
    char *end = NULL;
    errno = 0;
    long number = strtol(text, &end, 10);
    bool good = errno == 0 && end != text && *end == '\0' && number >= 1 && number <= most;
    return good ? (int32_t)number : 0;
}

static bool add_topic(struct fake_cluster *cluster, const char *text) {
    char *name = must_strdup(text);
    char *colon = strrchr(name, ':');
    int32_t count = colon ? parse_number(colon + 1, MOST_PARTITIONS) : 0;
    if (colon) *colon = '\0';
    bool good = count > 0 && *name && !fake_topic_find(cluster, slice_from_string(name));
    if (good) (void)fake_topic_add(cluster, name, count);
    free(name);
    return good;
}

static const struct api *find_api(const char *name, size_t size) {
    const struct api *api = api_next(NULL);
    while (api && (strlen(api->name) != size || memcmp(api->name, name, size) != 0))
        api = api_next(api);
    return api;
}

enum { MOST_APIS = 128 };

// The APIs that are not offered, by key.
static bool withdrawn[MOST_APIS];

// Takes them out of the answer to ApiVersions.
static void withdraw(void *arg, struct arena *arena, int16_t version, void *message) {
    struct api_versions_response *response = message;
    (void)arg;
    (void)arena;
    (void)version;
    int32_t kept = 0;
    for (int32_t i = 0; i < response->api_keys_count; i++) {
        int16_t key = response->api_keys[i].api_key;
        if (key < 0 || key >= MOST_APIS || !withdrawn[key])
            response->api_keys[kept++] = response->api_keys[i];
    }
    response->api_keys_count = kept;
}

// Adds a fault for ever; `text` is API or API:CODE.
static bool add_fault(struct fake_cluster *cluster, enum fake_fault_kind kind, const char *text) {
    size_t size = strcspn(text, ":");
    const struct api *api = find_api(text, size);
    char *end = NULL;
    errno = 0;
    long code = text[size] ? strtol(text + size + 1, &end, 10) : 0;
    bool with_code = kind == FAKE_FAULT_ERROR || kind == FAKE_FAULT_PARTITION_ERROR;
    bool is_code = end && *end == '\0' && !errno && code >= INT16_MIN && code <= INT16_MAX && code;
    if (!api || with_code != is_code) return false;
    struct fake_fault fault = { .api = api->key,
                                .broker = FAKE_ANY_BROKER,
                                .kind = kind,
                                .code = (int16_t)code,
                                .times = FAKE_FOR_EVER };
    if (kind == FAKE_FAULT_EDIT) {
        fault.api = API_API_VERSIONS;
        fault.edit = withdraw;
        must((size_t)api->key < MOST_APIS);
        withdrawn[api->key] = true;
    }
    fake_faults_add(&cluster->faults, &fault);
    return true;
}

// An option that makes the brokers misbehave; false: it is none.
static bool find_fault(const char *option, enum fake_fault_kind *kind) {
    static const struct {
        const char *option;
        enum fake_fault_kind kind;
    } faults[] = {
        { "--error", FAKE_FAULT_ERROR },
        { "--partition-error", FAKE_FAULT_PARTITION_ERROR },
        { "--silent", FAKE_FAULT_NEVER },
        { "--without", FAKE_FAULT_EDIT },
    };

    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        if (strcmp(option, faults[i].option) != 0) continue;
        *kind = faults[i].kind;
        return true;
    }
    return false;
}

// What the command line asks for.
struct wish {
    int32_t port; // 0: none
    bool sample_orders;
};

static bool parse(int argc, char **argv, struct fake_cluster *cluster, struct wish *wish) {
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        enum fake_fault_kind kind;
        if (strcmp(argv[i], "--port") == 0) {
            wish->port = parse_number(value, UINT16_MAX);
            if (!wish->port) return false;
            i++;
        } else if (strcmp(argv[i], "--topic") == 0) {
            if (!add_topic(cluster, value)) return false;
            i++;
        } else if (find_fault(argv[i], &kind)) {
            if (!add_fault(cluster, kind, value)) return false;
            i++;
        } else if (strcmp(argv[i], "--sample-orders") == 0) {
            wish->sample_orders = true;
        } else {
            return false;
        }
    }
    return wish->port > 0;
}

int main(int argc, char **argv) {
    struct fake_cluster cluster;
    struct wish wish = { 0 };
    (void)signal(SIGPIPE, SIG_IGN);
    fake_cluster_init(&cluster, 1);
    cluster.creates_topics = true;
    if (!parse(argc, argv, &cluster, &wish)) {
        (void)fputs(usage, stderr);
        fake_cluster_dispose(&cluster);
        return EXIT_FAILURE;
    }
    struct fake_server *server = fake_server_open(&cluster, wish.port);
    if (!server) {
        (void)fprintf(stderr, "fake-kafka: 127.0.0.1:%" PRId32 " is taken\n", wish.port);
        fake_cluster_dispose(&cluster);
        return EXIT_FAILURE;
    }
    if (wish.sample_orders) add_sample_orders(&cluster);
    printf("fake-kafka listens on 127.0.0.1:%" PRId32 "\n", wish.port);
    (void)fflush(stdout);
    fake_server_run(server, add_order);
    fake_server_close(server);
    fake_cluster_dispose(&cluster);
    return EXIT_SUCCESS;
}
