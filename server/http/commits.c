// SPDX-License-Identifier: Apache-2.0
// The list has the oldest first. What goes is the oldest that is done: the engine completes commits
// nearly in order, so that it stands near the beginning.
#include "server/http/commits.h"

#include "server/base/must.h"
#include "server/http/event_text.h"
#include "server/http/events.h"
#include "server/metrics.h"
#include "server/settings.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <utlist.h>

/// One commit.
struct commit {
    struct commits *commits;
    struct commit *prev; ///< utlist
    struct commit *next;
    char id[COMMITS_ID_BYTES];
    int64_t begun_at_us;
    bool is_done;
    struct out outcome; ///< one line of JSON, once it is done
};

struct commits {
    pthread_mutex_t mutex;
    pthread_cond_t none; ///< signalled when none is under way any more
    struct commit *list;
    size_t count;
    size_t under_way;
    size_t bytes; ///< of the outcomes
    size_t most;
    size_t most_bytes;
    int64_t begun;           ///< number of the last one
    unsigned long long life; ///< no earlier consumer of that name has had this number
    struct metrics *metrics;
    struct events *events;
};

static void lock(struct commits *commits) {
    must(pthread_mutex_lock(&commits->mutex) == 0);
}

static void unlock(struct commits *commits) {
    must(pthread_mutex_unlock(&commits->mutex) == 0);
}

static int64_t now_us(clockid_t clock) {
    struct timespec now;
    must(clock_gettime(clock, &now) == 0);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

struct commits *commits_new(
    const struct settings *settings, struct metrics *metrics, struct events *events
) {
    pthread_condattr_t monotonic;
    struct commits *commits = must_have(sizeof *commits);
    must(pthread_mutex_init(&commits->mutex, NULL) == 0);
    must(pthread_condattr_init(&monotonic) == 0);
    must(pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0);
    must(pthread_cond_init(&commits->none, &monotonic) == 0);
    (void)pthread_condattr_destroy(&monotonic);
    commits->most = (size_t)settings_number(settings, SETTING_COMMIT_OUTCOMES_SIZE);
    commits->most_bytes = (size_t)settings_number(settings, SETTING_COMMIT_OUTCOMES_BYTES);
    commits->life = (unsigned long long)now_us(CLOCK_REALTIME);
    commits->metrics = metrics;
    commits->events = events;
    return commits;
}

static void forget(struct commit *commit) {
    struct commits *commits = commit->commits;
    must(commit->is_done && commits->count > 0);
    DL_DELETE(commits->list, commit);
    commits->count--;
    commits->bytes -= commit->outcome.size;
    out_dispose(&commit->outcome);
    free(commit);
}

/// The oldest that is done; NULL: none is.
static struct commit *oldest_done(const struct commits *commits) {
    struct commit *commit;
    DL_FOREACH(commits->list, commit) {
        if (commit->is_done) return commit;
    }
    return NULL;
}

void commits_free(struct commits *commits) {
    if (!commits) return;
    must(commits->under_way == 0);
    struct commit *commit;
    struct commit *next;
    DL_FOREACH_SAFE(commits->list, commit, next) {
        forget(commit);
    }
    must(pthread_cond_destroy(&commits->none) == 0);
    must(pthread_mutex_destroy(&commits->mutex) == 0);
    free(commits);
}

/// Keeps the outcome, which is the newest; older ones make room.
static void keep_take(struct commit *commit, struct out *outcome) {
    struct commits *commits = commit->commits;
    size_t most = commits->most_bytes > outcome->size ? commits->most_bytes - outcome->size : 0;
    struct commit *oldest;
    while (commits->bytes > most && (oldest = oldest_done(commits)))
        forget(oldest);
    commit->is_done = true;
    commit->outcome = *outcome;
    commits->bytes += outcome->size;
    *outcome = (struct out){ 0 };
    must(commits->under_way > 0);
    if (--commits->under_way == 0) must(pthread_cond_broadcast(&commits->none) == 0);
}

/// On the engine's thread.
static void on_done(void *arg, const struct kc_result *result) {
    struct commit *commit = arg;
    struct commits *commits = commit->commits;
    struct events *events = commits->events;
    struct out outcome = { 0 };
    struct out data = { 0 };
    event_write_commit(&outcome, commit->id, result);
    out_append(&data, outcome.data, outcome.size);
    int64_t took_us = now_us(CLOCK_MONOTONIC) - commit->begun_at_us;
    metrics_observe(commits->metrics, HISTOGRAM_COMMIT_DURATION, took_us);
    lock(commits);
    keep_take(commit, &outcome);
    metrics_add(commits->metrics, METRIC_ASYNC_COMMITS_UNDER_WAY, -1);
    // Told within the lock: whoever waits for the last one may free all this afterwards.
    events_put_take(events, "commit", &data);
    unlock(commits);
}

static bool make_room(struct commits *commits) {
    if (commits->count < commits->most) return true;
    struct commit *oldest = oldest_done(commits);
    if (oldest) forget(oldest);
    return oldest != NULL;
}

bool commits_begin(struct commits *commits, char id[COMMITS_ID_BYTES], struct kc_call *call) {
    must(id != NULL && call != NULL);
    struct commit *commit = must_have(sizeof *commit);
    lock(commits);
    bool has_room = make_room(commits);
    if (has_room) {
        commit->commits = commits;
        commit->begun_at_us = now_us(CLOCK_MONOTONIC);
        long long number = ++commits->begun;
        (void)snprintf(commit->id, sizeof commit->id, "%llx-%lld", commits->life, number);
        memcpy(id, commit->id, sizeof commit->id);
        *call = (struct kc_call){ .done = on_done, .arg = commit };
        DL_APPEND(commits->list, commit);
        commits->count++;
        commits->under_way++;
        metrics_add(commits->metrics, METRIC_ASYNC_COMMITS, 1);
        metrics_add(commits->metrics, METRIC_ASYNC_COMMITS_UNDER_WAY, 1);
    }
    unlock(commits);
    if (has_room) return true;
    free(commit);
    metrics_add(commits->metrics, METRIC_ASYNC_COMMITS_REFUSED, 1);
    return false;
}

bool commits_write(struct commits *commits, const char *id, struct out *out) {
    must(id != NULL);
    struct commit *commit;
    lock(commits);
    DL_FOREACH(commits->list, commit) {
        if (strcmp(commit->id, id) == 0) break;
    }
    if (commit && commit->is_done) {
        out_append(out, commit->outcome.data, commit->outcome.size);
    } else if (commit) {
        event_write_pending(out, id);
    }
    unlock(commits);
    return commit != NULL;
}

bool commits_wait_for_none(struct commits *commits, int64_t timeout_ms) {
    struct timespec until;
    must(timeout_ms >= 0 && clock_gettime(CLOCK_MONOTONIC, &until) == 0);
    until.tv_nsec += timeout_ms % 1000 * 1000000;
    until.tv_sec += timeout_ms / 1000 + until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    int waited = 0;
    lock(commits);
    while (commits->under_way > 0 && waited == 0)
        waited = pthread_cond_timedwait(&commits->none, &commits->mutex, &until);
    bool none = commits->under_way == 0;
    unlock(commits);
    return none;
}
