// SPDX-License-Identifier: Apache-2.0
// Prints the records of a topic, or of all topics that match a pattern, as they come: a consumer
// program in C from configuration to a clean close.
//
//   tail localhost:9092 my-group orders
//   tail localhost:9092 my-group '^orders\..*' client.rack=a metadata.max.age.ms=10000
#include "consumer/consumer.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static volatile sig_atomic_t stopped;

static void stop(int number) {
    (void)number;
    stopped = 1;
}

// Waits for one completion: calls complete on the library's thread, this program works on its own.
struct waiter {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int done;
    enum kc_status status;
};

static void on_done(void *arg, const struct kc_result *result) {
    struct waiter *waiter = arg;
    pthread_mutex_lock(&waiter->lock);
    waiter->done = 1;
    waiter->status = result->status;
    pthread_cond_signal(&waiter->changed);
    pthread_mutex_unlock(&waiter->lock);
}

static enum kc_status await(struct waiter *waiter) {
    pthread_mutex_lock(&waiter->lock);
    while (!waiter->done)
        pthread_cond_wait(&waiter->changed, &waiter->lock);
    waiter->done = 0;
    pthread_mutex_unlock(&waiter->lock);
    return waiter->status;
}

static struct kc_call call(struct waiter *waiter, int32_t timeout_ms) {
    return (struct kc_call){ .done = on_done, .arg = waiter, .timeout_ms = timeout_ms };
}

static void print_line(
    void *arg, enum kc_log_level level, const char *noun, const char *verb, const char *details
) {
    (void)arg, (void)level;
    (void)fprintf(stderr, "%s %s %s\n", noun, verb, details);
}

// Partitions come and go, in rebalances. A program that keeps something of its own for each would
// put it away here; to have time for that it would return true, and call kc_acknowledge() when it
// is done.
static bool on_event(void *arg, const struct kc_event *event) {
    static const char *const words[] = { "revoked", "assigned", "lost" };
    (void)arg;
    if (event->kind == KC_ERROR) (void)fprintf(stderr, "error: %s\n", event->text);
    if (event->kind > KC_PARTITIONS_LOST) return false;
    (void)fprintf(stderr, "%s:", words[event->kind]);
    for (size_t i = 0; i < event->partition_count; i++) {
        const struct kc_partition *one = &event->partitions[i];
        (void)fprintf(stderr, " %s-%" PRId32, one->topic, one->partition);
    }
    (void)fprintf(stderr, "\n");
    return false;
}

// One poll: waits, prints what is there, and says that it was taken. Polling again counts it as
// processed, so that it is committed in the background (enable.auto.commit).
static int poll_once(struct kc_consumer *consumer, struct waiter *waiter) {
    struct kc_poll *poll = NULL;
    if (kc_poll_open(consumer, 0, &poll) != KC_OK) return 0;
    if (!kc_poll_ready(poll)) {
        kc_poll_wait(poll, call(waiter, 500));
        (void)await(waiter);
    }
    struct kc_record record;
    enum kc_status status;
    while ((status = kc_poll_next(poll, &record)) == KC_OK) {
        printf("%s-%" PRId32 " %" PRId64 ": ", record.topic, record.partition, record.offset);
        if (record.value.data) fwrite(record.value.data, 1, record.value.size, stdout);
        putchar('\n');
    }
    if (status != KC_NO_RECORDS) (void)fprintf(stderr, "%s\n", kc_poll_last_error(poll)->message);
    kc_poll_accept(poll);
    fflush(stdout);
    return status == KC_NO_RECORDS || kc_retriable(status, 0);
}

// Options from the command line over those of this program; NULL with a sentence in `error`.
static struct kc_config *make_config(int argc, char **argv, char error[KC_ERROR_BYTES]) {
    struct kc_config *config = kc_config_new();
    enum kc_status status = kc_config_set(config, "bootstrap.servers", argv[1], error);
    if (!status) status = kc_config_set(config, "group.id", argv[2], error);
    if (!status) status = kc_config_set(config, "auto.offset.reset", "earliest", error);
    for (int i = 4; i < argc && !status; i++) {
        char *value = strchr(argv[i], '=');
        if (value) *value++ = '\0';
        status = kc_config_set(config, argv[i], value ? value : "", error);
    }
    if (!status) return config;
    kc_config_free(config);
    return NULL;
}

// A topic, or behind '^' a pattern that whole names are to match.
static enum kc_status subscribe(
    struct kc_consumer *consumer, struct waiter *waiter, const char *topic
) {
    if (topic[0] == '^') {
        kc_subscribe_pattern(consumer, topic + 1, call(waiter, 0));
    } else {
        kc_subscribe(consumer, &topic, 1, call(waiter, 0));
    }
    return await(waiter);
}

static enum kc_status run(struct kc_consumer *consumer, const char *topic) {
    struct waiter waiter = { .lock = PTHREAD_MUTEX_INITIALIZER,
                             .changed = PTHREAD_COND_INITIALIZER };
    enum kc_status status = subscribe(consumer, &waiter, topic);
    if (status) (void)fprintf(stderr, "%s: %s\n", topic, kc_status_text(status));
    while (!stopped && status == KC_OK && poll_once(consumer, &waiter)) {}
    kc_close(consumer, NULL, call(&waiter, 10000));
    (void)await(&waiter);
    return status;
}

int main(int argc, char **argv) {
    if (argc < 4) {
        const char *arguments = "bootstrap-servers group topic|^pattern [key=value...]";
        (void)fprintf(stderr, "usage: %s %s\n", argv[0], arguments);
        return EXIT_FAILURE;
    }
    char error[KC_ERROR_BYTES] = "no thread or file for the engine";
    struct kc_config *config = make_config(argc, argv, error);
    struct kc_runtime *runtime =
        config ? kc_runtime_new(&(struct kc_log){ .write = print_line, .level = KC_LOG_WARN })
               : NULL;
    struct kc_listener listener = { .on_event = on_event };
    struct kc_consumer *consumer =
        runtime ? kc_consumer_new(runtime, config, &listener, error) : NULL;
    kc_config_free(config);
    if (!consumer) (void)fprintf(stderr, "%s\n", error);
    signal(SIGINT, stop);
    signal(SIGTERM, stop);
    enum kc_status status = consumer ? run(consumer, argv[3]) : KC_INVALID_CONFIG;
    kc_consumer_free(consumer);
    kc_runtime_free(runtime);
    return status == KC_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
