// SPDX-License-Identifier: Apache-2.0
// One mutex guards the lists and the counts. It is taken before those of the deliveries and of the
// library, and never held while something is waited for but the registry's own condition. A thread
// of the registry's own, the keeper, closes who is idle and frees who is closed: both take time
// that the HTTP threads do not have, and the engine's thread may not free consumers.
#include "server/consumers/registry.h"

#include "server/base/must.h"
#include "server/consumers/spec.h"
#include "server/consumers/tombstones.h"
#include "server/http/commits.h"
#include "server/http/delivery.h"
#include "server/http/events.h"
#include "server/http/poller.h"
#include "server/journal.h"
#include "server/metrics.h"
#include "server/settings.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <utlist.h>

enum { LONGEST_NAME = 64 };

struct registry {
    struct consumer_parts parts;
    const struct journal *journal;
    pthread_t keeper;
    pthread_mutex_t mutex;
    pthread_cond_t changed; ///< signalled when a consumer comes or is closed, or a closed one is
                            ///< not used any more
    struct consumer *consumers; ///< which are not closed
    struct consumer *closed;
    struct tombstones tombstones;
    int64_t idle_timeout_ms; ///< 0: none
    int64_t due_ms;          ///< when the keeper looks for idle ones again
    bool stopping;
};

static void lock(struct registry *registry) {
    must(pthread_mutex_lock(&registry->mutex) == 0);
}

static void unlock(struct registry *registry) {
    must(pthread_mutex_unlock(&registry->mutex) == 0);
}

static void signal_change(struct registry *registry) {
    must(pthread_cond_broadcast(&registry->changed) == 0);
}

static int64_t now_ms(void) {
    struct timespec now;
    must(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static const unsigned may_follow[] = {
    [CONSUMER_OPEN] = 1u << CONSUMER_CLOSING | 1u << CONSUMER_EXPIRING,
    [CONSUMER_CLOSING] = 1u << CONSUMER_CLOSED,
    [CONSUMER_EXPIRING] = 1u << CONSUMER_CLOSED,
    [CONSUMER_CLOSED] = 0,
};

/// The one writer of a consumer's state.
static void enter(struct consumer *consumer, enum consumer_state state) {
    must(may_follow[consumer->state] & 1u << state);
    consumer->state = state;
}

bool registry_is_name(const char *name) {
    static const char alphabet[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    must(name != NULL);
    size_t length = strspn(name, alphabet);
    return length > 0 && length <= LONGEST_NAME && name[length] == '\0' && !strchr("._-", name[0]);
}

static struct consumer *find(struct registry *registry, const char *name) {
    struct consumer *consumer;
    DL_FOREACH(registry->consumers, consumer) {
        if (strcmp(consumer->name, name) == 0) return consumer;
    }
    return NULL;
}

// ------------------------------------------------------------------------------------------------
// Closing

/// On the engine's thread.
static void on_closed(void *arg, const struct kc_result *result) {
    struct consumer *consumer = arg;
    struct registry *registry = consumer->registry;
    lock(registry);
    bool expired = consumer->state == CONSUMER_EXPIRING;
    if (expired) {
        const char *group_id = kc_config_get(consumer->spec->config, "group.id");
        tombstones_add(&registry->tombstones, consumer->name, group_id);
    }
    enter(consumer, CONSUMER_CLOSED);
    DL_DELETE(registry->consumers, consumer);
    DL_APPEND(registry->closed, consumer);
    metrics_add(registry->parts.metrics, METRIC_CONSUMERS, -1);
    metrics_add(registry->parts.metrics, METRIC_CONSUMERS_EXPIRED, expired);
    events_end(consumer->events);
    journal_line(
        registry->journal,
        KC_LOG_INFO,
        "consumer",
        "closed",
        "name=%s status=%s%s",
        consumer->name,
        kc_status_name(result->status),
        expired ? " why=idle" : ""
    );
    signal_change(registry);
    unlock(registry);
}

static void begin_to_close(
    struct consumer *consumer,
    enum consumer_state state,
    const struct kc_close_options *options,
    int32_t timeout_ms
) {
    struct kc_call call = { on_closed, consumer, timeout_ms };
    enter(consumer, state);
    poller_excuse(consumer->poller); // nobody can poll any more
    delivery_shut(consumer->delivery);
    kc_close(consumer->kc, options, call);
}

void registry_close(
    struct consumer *consumer, const struct kc_close_options *options, struct kc_call call
) {
    must(options != NULL);
    struct registry *registry = consumer->registry;
    lock(registry);
    must(consumer->refs > 0);
    if (consumer->state == CONSUMER_OPEN) {
        begin_to_close(consumer, CONSUMER_CLOSING, options, call.timeout_ms);
    }
    // Completes behind the first.
    kc_close(consumer->kc, options, call);
    unlock(registry);
}

static void on_hurried(void *arg, const struct kc_result *result) {
    must(arg == NULL && result != NULL);
}

void registry_close_all(struct registry *registry, int32_t timeout_ms) {
    must(timeout_ms > 0);
    struct consumer *consumer;
    lock(registry);
    DL_FOREACH(registry->consumers, consumer) {
        if (consumer->state == CONSUMER_OPEN) {
            begin_to_close(consumer, CONSUMER_CLOSING, NULL, timeout_ms);
        } else { // A second close can only shorten the time of the first.
            kc_close(consumer->kc, NULL, (struct kc_call){ on_hurried, NULL, timeout_ms });
        }
    }
    while (registry->consumers)
        must(pthread_cond_wait(&registry->changed, &registry->mutex) == 0);
    unlock(registry);
}

// ------------------------------------------------------------------------------------------------
// The keeper

/// Closes those that nobody has called for so long; returns when the next one may be due.
static int64_t expire(struct registry *registry) {
    int64_t due_ms = INT64_MAX;
    int64_t now = now_ms();
    struct consumer *consumer;
    if (registry->idle_timeout_ms == 0) return due_ms;
    DL_FOREACH(registry->consumers, consumer) {
        bool stays = consumer->state != CONSUMER_OPEN || consumer->calls > 0 ||
                     strcmp(consumer->name, REGISTRY_DEFAULT) == 0;
        if (stays) continue;
        int64_t at_ms = consumer->last_call_ms + registry->idle_timeout_ms;
        if (at_ms <= now) {
            begin_to_close(consumer, CONSUMER_EXPIRING, NULL, 0);
        } else if (at_ms < due_ms) {
            due_ms = at_ms;
        }
    }
    return due_ms;
}

static struct consumer *take_unused(struct registry *registry) {
    struct consumer *consumer;
    DL_FOREACH(registry->closed, consumer) {
        if (consumer->refs > 0) continue;
        DL_DELETE(registry->closed, consumer);
        return consumer;
    }
    return NULL;
}

static void wait_until(struct registry *registry, int64_t due_ms) {
    registry->due_ms = due_ms;
    if (due_ms == INT64_MAX) {
        must(pthread_cond_wait(&registry->changed, &registry->mutex) == 0);
        return;
    }
    struct timespec until = { due_ms / 1000, due_ms % 1000 * 1000000 };
    (void)pthread_cond_timedwait(&registry->changed, &registry->mutex, &until);
}

static void *keep(void *arg) {
    struct registry *registry = arg;
    lock(registry);
    for (;;) {
        struct consumer *unused = take_unused(registry);
        if (unused) {
            unlock(registry);
            consumer_free(unused);
            lock(registry);
        } else if (registry->stopping) {
            break;
        } else {
            wait_until(registry, expire(registry));
        }
    }
    must(registry->closed == NULL && registry->consumers == NULL);
    unlock(registry);
    return NULL;
}

struct registry *registry_new(const struct consumer_parts *parts, const struct journal *journal) {
    pthread_condattr_t monotonic;
    struct registry *registry = must_have(sizeof *registry);
    must(pthread_mutex_init(&registry->mutex, NULL) == 0);
    must(pthread_condattr_init(&monotonic) == 0);
    must(pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0);
    must(pthread_cond_init(&registry->changed, &monotonic) == 0);
    (void)pthread_condattr_destroy(&monotonic);
    registry->parts = *parts;
    registry->journal = journal;
    registry->idle_timeout_ms = settings_number(parts->settings, SETTING_CONSUMER_IDLE_TIMEOUT_MS);
    must(pthread_create(&registry->keeper, NULL, keep, registry) == 0);
    (void)pthread_setname_np(registry->keeper, "keeper");
    return registry;
}

void registry_free(struct registry *registry) {
    if (!registry) return;
    lock(registry);
    registry->stopping = true;
    signal_change(registry);
    unlock(registry);
    must(pthread_join(registry->keeper, NULL) == 0);
    tombstones_dispose(&registry->tombstones);
    must(pthread_cond_destroy(&registry->changed) == 0);
    must(pthread_mutex_destroy(&registry->mutex) == 0);
    free(registry);
}

// ------------------------------------------------------------------------------------------------
// Making and using

static void add_call(struct consumer *consumer) {
    consumer->refs++;
    consumer->calls++;
}

static size_t count_consumers(const struct registry *registry) {
    const struct consumer *consumer;
    size_t count = 0;
    DL_COUNT(registry->consumers, consumer, count);
    return count;
}

/// Where nobody has the name.
static enum registry_wish make(
    struct registry *registry,
    const char *name,
    const struct consumer_spec *spec,
    struct consumer **consumer,
    char error[KC_ERROR_BYTES]
) {
    struct metrics *metrics = registry->parts.metrics;
    int64_t most = settings_number(registry->parts.settings, SETTING_CONSUMERS_MAX);
    if (count_consumers(registry) >= (size_t)most) {
        metrics_add(metrics, METRIC_CONSUMERS_REFUSED, 1);
        return REGISTRY_FULL;
    }
    struct consumer *made = consumer_new(&registry->parts, name, spec, error);
    if (!made) return REGISTRY_WRONG;
    made->registry = registry;
    add_call(made);
    DL_APPEND(registry->consumers, made);
    tombstones_remove(&registry->tombstones, name);
    metrics_add(metrics, METRIC_CONSUMERS, 1);
    journal_line(registry->journal, KC_LOG_INFO, "consumer", "made", "name=%s", name);
    signal_change(registry);
    *consumer = made;
    return REGISTRY_MADE;
}

enum registry_wish registry_make(
    struct registry *registry,
    const char *name,
    const struct consumer_spec *spec,
    struct consumer **consumer,
    char error[KC_ERROR_BYTES]
) {
    must(registry_is_name(name));
    enum registry_wish wish = REGISTRY_CLOSING;
    lock(registry);
    struct consumer *found = find(registry, name);
    if (!found) {
        wish = make(registry, name, spec, consumer, error);
    } else if (found->state == CONSUMER_OPEN) {
        wish = spec_equals(found->spec, spec) ? REGISTRY_SAME : REGISTRY_OTHER;
    }
    if (wish == REGISTRY_SAME) {
        add_call(found);
        *consumer = found;
    }
    unlock(registry);
    return wish;
}

enum registry_find registry_ref(
    struct registry *registry, const char *name, struct consumer **consumer
) {
    must(name != NULL);
    enum registry_find finding = REGISTRY_NONE;
    lock(registry);
    *consumer = find(registry, name);
    if (*consumer) {
        add_call(*consumer);
        finding = REGISTRY_FOUND;
    } else if (tombstones_have(&registry->tombstones, name)) {
        finding = REGISTRY_EXPIRED;
    }
    unlock(registry);
    return finding;
}

static void remove_ref(struct consumer *consumer) {
    must(consumer->refs > 0);
    consumer->refs--;
    if (consumer->refs == 0 && consumer->state == CONSUMER_CLOSED) {
        signal_change(consumer->registry);
    }
}

void registry_unref(struct consumer *consumer) {
    if (!consumer) return;
    struct registry *registry = consumer->registry;
    lock(registry);
    must(consumer->calls > 0);
    consumer->calls--;
    consumer->last_call_ms = now_ms();
    // Otherwise the keeper looks early enough, and sees then how late it is.
    bool sooner = consumer->last_call_ms + registry->idle_timeout_ms < registry->due_ms;
    if (registry->idle_timeout_ms > 0 && consumer->calls == 0 && sooner) signal_change(registry);
    remove_ref(consumer);
    unlock(registry);
}

struct consumer **registry_ref_all(struct registry *registry) {
    struct consumer *consumer;
    lock(registry);
    struct consumer **all = must_have((count_consumers(registry) + 1) * sizeof(struct consumer *));
    size_t count = 0;
    DL_FOREACH(registry->consumers, consumer) {
        consumer->refs++;
        all[count++] = consumer;
    }
    unlock(registry);
    return all;
}

void registry_unref_all(struct consumer **consumers) {
    if (!consumers) return;
    for (struct consumer **at = consumers; *at; at++) {
        struct registry *registry = (*at)->registry;
        lock(registry);
        remove_ref(*at);
        unlock(registry);
    }
    free(consumers);
}

bool registry_is_closing(const struct consumer *consumer) {
    must(consumer->refs > 0);
    lock(consumer->registry);
    bool closing = consumer->state != CONSUMER_OPEN;
    unlock(consumer->registry);
    return closing;
}

const struct tombstone *registry_expired(
    struct registry *registry, struct pool *pool, size_t *count
) {
    lock(registry);
    *count = registry->tombstones.count;
    struct tombstone *copies = pool_array(pool, *count + 1, sizeof *copies);
    for (size_t i = 0; i < *count; i++) {
        const struct tombstone *one = &registry->tombstones.items[i];
        copies[i].name = pool_string(pool, one->name);
        copies[i].group_id = pool_string(pool, one->group_id);
    }
    unlock(registry);
    return copies;
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
