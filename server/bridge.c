// SPDX-License-Identifier: Apache-2.0
// One mutex guards all calls. It is held while a request is woken, so that a request that has ended
// its call cannot be woken any more.
#include "server/bridge.h"

#include "server/base/must.h"
#include "server/result.h"

#include <pthread.h>
#include <stdlib.h>
#include <utlist.h>

/// One command of a call.
struct part {
    struct bridge_call *call;
    struct result result;
    bool given;
    bool complete;
};

struct bridge_call {
    struct bridge *bridge;
    struct bridge_call *prev;
    struct bridge_call *next;
    void (*wake)(void *arg);
    void *arg;
    bool awake;
    bool ended;
    size_t part_count;
    size_t waiting_for; ///< parts that are not complete
    size_t running;     ///< parts whose command was given out and is not complete
    struct part parts[];
};

struct bridge {
    pthread_mutex_t mutex;
    struct bridge_call *calls; ///< also those whose request waits no more
    bool cancelled;
};

static void lock(struct bridge *bridge) {
    must(pthread_mutex_lock(&bridge->mutex) == 0);
}

static void unlock(struct bridge *bridge) {
    must(pthread_mutex_unlock(&bridge->mutex) == 0);
}

struct bridge *bridge_new(void) {
    struct bridge *bridge = must_have(sizeof *bridge);
    must(pthread_mutex_init(&bridge->mutex, NULL) == 0);
    return bridge;
}

static void free_call(struct bridge_call *call) {
    DL_DELETE(call->bridge->calls, call);
    for (size_t i = 0; i < call->part_count; i++)
        result_dispose(&call->parts[i].result);
    free(call);
}

void bridge_free(struct bridge *bridge) {
    if (!bridge) return;
    struct bridge_call *call;
    struct bridge_call *next;
    DL_FOREACH_SAFE(bridge->calls, call, next) {
        must(call->ended);
        free_call(call);
    }
    must(pthread_mutex_destroy(&bridge->mutex) == 0);
    free(bridge);
}

static void wake(struct bridge_call *call) {
    if (call->awake || call->ended) return;
    call->awake = true;
    call->wake(call->arg);
}

struct bridge_call *bridge_begin(
    struct bridge *bridge, size_t parts, void (*wake_up)(void *arg), void *arg
) {
    must(parts > 0 && wake_up != NULL);
    struct bridge_call *call = must_have(sizeof *call + parts * sizeof call->parts[0]);
    call->bridge = bridge;
    call->wake = wake_up;
    call->arg = arg;
    call->part_count = call->waiting_for = parts;
    for (size_t i = 0; i < parts; i++)
        call->parts[i].call = call;
    lock(bridge);
    DL_APPEND(bridge->calls, call);
    if (bridge->cancelled) wake(call);
    unlock(bridge);
    return call;
}

static void free_when_over(struct bridge_call *call) {
    if (call->ended && call->running == 0) free_call(call);
}

/// The callback of every command, on the engine thread.
static void on_done(void *arg, const struct kc_result *result) {
    struct part *part = arg;
    struct bridge_call *call = part->call;
    struct bridge *bridge = call->bridge;
    lock(bridge);
    must(part->given && !part->complete);
    if (!call->ended) result_copy(&part->result, result);
    part->complete = true;
    call->running--;
    if (--call->waiting_for == 0) wake(call);
    free_when_over(call);
    unlock(bridge);
}

struct kc_call bridge_part(struct bridge_call *call, size_t index, int32_t timeout_ms) {
    must(index < call->part_count);
    lock(call->bridge);
    must(!call->parts[index].given);
    call->parts[index].given = true;
    call->running++;
    unlock(call->bridge);
    return (struct kc_call){ on_done, &call->parts[index], timeout_ms };
}

bool bridge_is_complete(struct bridge_call *call) {
    lock(call->bridge);
    bool complete = call->awake && call->waiting_for == 0;
    unlock(call->bridge);
    return complete;
}

size_t bridge_part_count(const struct bridge_call *call) {
    must(call != NULL);
    return call->part_count;
}

const struct kc_result *bridge_result(struct bridge_call *call, size_t index) {
    must(index < call->part_count && bridge_is_complete(call));
    return &call->parts[index].result.value;
}

void bridge_end(struct bridge_call *call) {
    if (!call) return;
    struct bridge *bridge = call->bridge;
    lock(bridge);
    must(!call->ended);
    call->ended = true;
    free_when_over(call);
    unlock(bridge);
}

void bridge_cancel(struct bridge *bridge) {
    struct bridge_call *call;
    lock(bridge);
    bridge->cancelled = true;
    DL_FOREACH(bridge->calls, call) {
        wake(call);
    }
    unlock(bridge);
}
