// SPDX-License-Identifier: Apache-2.0
// That a request has begun to come shows in the kernel's count of received bytes: libmicrohttpd
// tells of a request only when its first line is whole. To cut is to shut the socket down; the HTTP
// thread then finds the client gone and does the rest.
#include "server/http/patrol.h"

#include "server/base/clock.h"
#include "server/base/must.h"
#include "server/http/peer.h"
#include "server/metrics.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <utlist.h>

enum { PASSES_A_TIMEOUT = 4, LEAST_PAUSE_MS = 20, MOST_PAUSE_MS = 1000 };

struct patrol {
    pthread_t thread;
    pthread_mutex_t mutex; ///< guards what follows, and keeps fds open while they are looked at
    pthread_cond_t ended;
    bool is_ending;
    struct patrol_entry *entries;
    int64_t timeout_ms;
    struct metrics *metrics;
};

static void lock(struct patrol *patrol) {
    must(pthread_mutex_lock(&patrol->mutex) == 0);
}

static void unlock(struct patrol *patrol) {
    must(pthread_mutex_unlock(&patrol->mutex) == 0);
}

/// Both need the lock. The one writer of the phase.
static void enter(struct patrol_entry *entry, enum patrol_phase phase, int64_t now_ms) {
    bool goes_on = entry->phase == phase && phase == PATROL_RECEIVING;
    if (goes_on) return;
    entry->phase = phase;
    entry->since_ms = now_ms;
    if (phase == PATROL_QUIET) entry->received_bytes = peer_received_bytes(entry->peer);
}

static bool is_too_slow(struct patrol_entry *entry, int64_t now_ms, int64_t timeout_ms) {
    bool began =
        entry->phase == PATROL_QUIET && peer_received_bytes(entry->peer) > entry->received_bytes;
    if (began) enter(entry, PATROL_RECEIVING, now_ms);
    return entry->phase == PATROL_RECEIVING && !entry->is_cut &&
           now_ms - entry->since_ms >= timeout_ms;
}

size_t patrol_pass(struct patrol *patrol, int64_t now_ms) {
    size_t count = 0;
    struct patrol_entry *entry;
    lock(patrol);
    DL_FOREACH(patrol->entries, entry) {
        if (!is_too_slow(entry, now_ms, patrol->timeout_ms)) continue;
        entry->is_cut = true;
        metrics_add(patrol->metrics, METRIC_REQUESTS_TOO_SLOW, 1); // before the client sees it
        (void)shutdown(entry->peer->fd, SHUT_RDWR);
        count++;
    }
    unlock(patrol);
    return count;
}

/// Waits until it is time for the next pass; false at the end.
static bool pause_between(struct patrol *patrol, int64_t pause_ms) {
    struct timespec until;
    must(clock_gettime(CLOCK_MONOTONIC, &until) == 0);
    until.tv_nsec += pause_ms % 1000 * 1000000;
    until.tv_sec += pause_ms / 1000 + until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    int waited = 0;
    lock(patrol);
    while (!patrol->is_ending && waited == 0)
        waited = pthread_cond_timedwait(&patrol->ended, &patrol->mutex, &until);
    bool goes_on = !patrol->is_ending;
    unlock(patrol);
    return goes_on;
}

static void *run(void *arg) {
    struct patrol *patrol = arg;
    int64_t pause_ms = patrol->timeout_ms / PASSES_A_TIMEOUT;
    if (pause_ms < LEAST_PAUSE_MS) pause_ms = LEAST_PAUSE_MS;
    if (pause_ms > MOST_PAUSE_MS) pause_ms = MOST_PAUSE_MS;
    while (pause_between(patrol, pause_ms))
        (void)patrol_pass(patrol, clock_ms());
    return NULL;
}

struct patrol *patrol_new(int64_t timeout_ms, struct metrics *metrics) {
    must(timeout_ms > 0 && metrics != NULL);
    pthread_condattr_t monotonic;
    struct patrol *patrol = must_have(sizeof *patrol);
    patrol->timeout_ms = timeout_ms;
    patrol->metrics = metrics;
    must(pthread_mutex_init(&patrol->mutex, NULL) == 0);
    must(pthread_condattr_init(&monotonic) == 0);
    must(pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0);
    must(pthread_cond_init(&patrol->ended, &monotonic) == 0);
    (void)pthread_condattr_destroy(&monotonic);
    must(pthread_create(&patrol->thread, NULL, run, patrol) == 0);
    return patrol;
}

void patrol_free(struct patrol *patrol) {
    if (!patrol) return;
    lock(patrol);
    must(patrol->entries == NULL);
    patrol->is_ending = true;
    must(pthread_cond_signal(&patrol->ended) == 0);
    unlock(patrol);
    must(pthread_join(patrol->thread, NULL) == 0);
    must(pthread_cond_destroy(&patrol->ended) == 0);
    must(pthread_mutex_destroy(&patrol->mutex) == 0);
    free(patrol);
}

void patrol_add(
    struct patrol *patrol, struct patrol_entry *entry, const struct peer *peer, bool is_urgent
) {
    must(peer != NULL && peer->fd >= 0);
    bool begins = is_urgent || peer->is_unix;
    lock(patrol);
    *entry = (struct patrol_entry){ .peer = peer };
    enter(entry, begins ? PATROL_RECEIVING : PATROL_QUIET, clock_ms());
    if (!begins) entry->received_bytes = 0; // it may have sent something at once
    DL_APPEND(patrol->entries, entry);
    unlock(patrol);
}

void patrol_remove(struct patrol *patrol, struct patrol_entry *entry) {
    must(entry->peer != NULL);
    lock(patrol);
    DL_DELETE(patrol->entries, entry);
    unlock(patrol);
    entry->peer = NULL;
}

void patrol_enter(struct patrol *patrol, struct patrol_entry *entry, enum patrol_phase phase) {
    must(entry->peer != NULL);
    lock(patrol);
    enter(entry, phase, clock_ms());
    unlock(patrol);
}
