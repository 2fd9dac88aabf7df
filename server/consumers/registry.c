// SPDX-License-Identifier: Apache-2.0
// One mutex guards the list and the counts. It is taken before those of the deliveries and of the
// library, and never held while something is waited for but the registry's own condition.
#include "server/consumers/registry.h"

#include "server/base/must.h"
#include "server/http/commits.h"
#include "server/http/delivery.h"
#include "server/http/events.h"
#include "server/journal.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <utlist.h>

enum { LONGEST_NAME = 64 };

struct registry {
    struct consumer_parts parts;
    const struct journal *journal;
    pthread_mutex_t mutex;
    pthread_cond_t closed;      ///< signalled when a consumer is
    struct consumer *consumers; ///< open and closing ones
};

static void lock(struct registry *registry) {
    must(pthread_mutex_lock(&registry->mutex) == 0);
}

static void unlock(struct registry *registry) {
    must(pthread_mutex_unlock(&registry->mutex) == 0);
}

/// The one writer of a consumer's state.
static void enter(struct consumer *consumer, enum consumer_state state) {
    must(state == consumer->state + 1);
    consumer->state = state;
}

bool registry_is_name(const char *name) {
    static const char alphabet[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    must(name != NULL);
    size_t length = strspn(name, alphabet);
    return length > 0 && length <= LONGEST_NAME && name[length] == '\0' && !strchr("._-", name[0]);
}

struct registry *registry_new(const struct consumer_parts *parts, const struct journal *journal) {
    struct registry *registry = must_have(sizeof *registry);
    must(pthread_mutex_init(&registry->mutex, NULL) == 0);
    must(pthread_cond_init(&registry->closed, NULL) == 0);
    registry->parts = *parts;
    registry->journal = journal;
    return registry;
}

void registry_free(struct registry *registry) {
    if (!registry) return;
    struct consumer *consumer;
    struct consumer *next;
    DL_FOREACH_SAFE(registry->consumers, consumer, next) {
        must(consumer->state == CONSUMER_CLOSED);
        DL_DELETE(registry->consumers, consumer);
        consumer_free(consumer);
    }
    must(pthread_cond_destroy(&registry->closed) == 0);
    must(pthread_mutex_destroy(&registry->mutex) == 0);
    free(registry);
}

static struct consumer *find(struct registry *registry, const char *name) {
    struct consumer *consumer;
    DL_FOREACH(registry->consumers, consumer) {
        if (strcmp(consumer->name, name) == 0) return consumer;
    }
    return NULL;
}

struct consumer *registry_add(
    struct registry *registry,
    const char *name,
    const struct kc_config *config,
    char error[KC_ERROR_BYTES]
) {
    struct consumer *consumer = consumer_new(&registry->parts, name, config, error);
    if (!consumer) return NULL;
    consumer->registry = registry;
    consumer->refs = 1;
    lock(registry);
    must(!find(registry, name));
    DL_APPEND(registry->consumers, consumer);
    unlock(registry);
    return consumer;
}

struct consumer *registry_ref(struct registry *registry, const char *name) {
    must(name != NULL);
    lock(registry);
    struct consumer *consumer = find(registry, name);
    if (consumer) consumer->refs++;
    unlock(registry);
    return consumer;
}

void registry_unref(struct consumer *consumer) {
    if (!consumer) return;
    struct registry *registry = consumer->registry;
    lock(registry);
    must(consumer->refs > 0);
    consumer->refs--;
    unlock(registry);
}

struct consumer **registry_ref_all(struct registry *registry) {
    size_t count = 0;
    struct consumer *consumer;
    lock(registry);
    DL_FOREACH(registry->consumers, consumer) {
        count++;
    }
    struct consumer **all = must_have((count + 1) * sizeof(struct consumer *));
    count = 0;
    DL_FOREACH(registry->consumers, consumer) {
        if (consumer->state != CONSUMER_OPEN) continue;
        consumer->refs++;
        all[count++] = consumer;
    }
    unlock(registry);
    return all;
}

void registry_unref_all(struct consumer **consumers) {
    must(consumers != NULL);
    for (struct consumer **at = consumers; *at; at++)
        registry_unref(*at);
    free(consumers);
}

// A connection may carry calls of several consumers, so that each is told what happens to it: there
// are few of them, and one that has nothing to do with the connection sees that at once.

void registry_on_request(struct registry *registry, const struct peer *peer) {
    struct consumer *consumer;
    lock(registry);
    DL_FOREACH(registry->consumers, consumer) {
        delivery_on_request(consumer->delivery, peer);
    }
    unlock(registry);
}

void registry_on_sent(struct registry *registry, const struct peer *peer, bool whole) {
    struct consumer *consumer;
    lock(registry);
    DL_FOREACH(registry->consumers, consumer) {
        delivery_on_sent(consumer->delivery, peer, whole);
    }
    unlock(registry);
}

void registry_on_close(struct registry *registry, const struct peer *peer) {
    struct consumer *consumer;
    lock(registry);
    DL_FOREACH(registry->consumers, consumer) {
        delivery_on_close(consumer->delivery, peer);
    }
    unlock(registry);
}

void registry_drain(struct registry *registry) {
    struct consumer **all = registry_ref_all(registry);
    for (struct consumer **at = all; *at; at++)
        delivery_drain((*at)->delivery);
    for (struct consumer **at = all; *at; at++)
        delivery_wait_drained((*at)->delivery);
    registry_unref_all(all);
}

static int64_t now_ms(void) {
    struct timespec now;
    must(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void registry_end_events(struct registry *registry, int64_t timeout_ms) {
    must(timeout_ms >= 0);
    struct consumer **all = registry_ref_all(registry);
    int64_t until_ms = now_ms() + timeout_ms;
    for (struct consumer **at = all; *at; at++) {
        int64_t left_ms = until_ms - now_ms();
        (void)commits_wait_for_none((*at)->commits, left_ms > 0 ? left_ms : 0);
        events_end((*at)->events);
    }
    registry_unref_all(all);
}

/// On the engine's thread.
static void on_closed(void *arg, const struct kc_result *result) {
    struct consumer *consumer = arg;
    struct registry *registry = consumer->registry;
    const char *status = kc_status_name(result->status);
    lock(registry);
    enter(consumer, CONSUMER_CLOSED);
    events_end(consumer->events);
    journal_line(
        registry->journal,
        KC_LOG_INFO,
        "consumer",
        "closed",
        "name=%s status=%s",
        consumer->name,
        status
    );
    must(pthread_cond_broadcast(&registry->closed) == 0);
    unlock(registry);
}

static void begin_to_close(struct consumer *consumer, int32_t timeout_ms) {
    struct kc_call call = { on_closed, consumer, timeout_ms };
    enter(consumer, CONSUMER_CLOSING);
    delivery_settle(consumer->delivery, DELIVERY_ALL);
    kc_close(consumer->kc, NULL, call);
}

static bool all_closed(const struct registry *registry) {
    const struct consumer *consumer;
    DL_FOREACH(registry->consumers, consumer) {
        if (consumer->state != CONSUMER_CLOSED) return false;
    }
    return true;
}

void registry_close(struct registry *registry, int32_t timeout_ms) {
    must(timeout_ms > 0);
    struct consumer *consumer;
    lock(registry);
    DL_FOREACH(registry->consumers, consumer) {
        if (consumer->state == CONSUMER_OPEN) begin_to_close(consumer, timeout_ms);
    }
    while (!all_closed(registry))
        must(pthread_cond_wait(&registry->closed, &registry->mutex) == 0);
    unlock(registry);
}
