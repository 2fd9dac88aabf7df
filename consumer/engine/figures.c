// SPDX-License-Identifier: Apache-2.0
// Gathers from the engine's parts at the end of each step.
#include "consumer/engine/figures.h"

#include "consumer/base/must.h"
#include "consumer/engine/engine_state.h"
#include "consumer/engine/handover.h"
#include "consumer/fetch/queue.h"
#include "consumer/group/member.h"
#include "consumer/group/member_figures.h"

struct figures {
    struct sampler commit_ms;
    struct sampler fetch_ms;
};

struct figures *figures_new(void) {
    return must_alloc(sizeof(struct figures));
}

struct sampler *figures_fetch_times(struct figures *figures) {
    return &figures->fetch_ms;
}

void figures_on_commit(struct figures *figures, int64_t took_ms, int64_t now_ms) {
    sampler_add(&figures->commit_ms, took_ms, now_ms);
}

static struct queue_time time_of(const struct sampler *sampler, int64_t now_ms) {
    struct sampler_view view = sampler_view(sampler, now_ms);
    return (struct queue_time){ .mean_ms = view.mean, .most_ms = view.most };
}

static void add_member(const struct engine *engine, struct queue_counters *counters) {
    must(engine->member != NULL);
    struct member_description member = member_describe(engine->member);
    const struct member_figures *figures = member.figures;
    counters->rebalances = (uint64_t)member.rebalance_count;
    counters->failed_rebalances = (uint64_t)member.failed_rebalance_count;
    counters->heartbeats = figures->heartbeats;
    counters->joins = figures->joins;
    counters->syncs = figures->syncs;
    counters->rebalanced_at_ms = member.rebalanced_at_ms;
    counters->heartbeat_time = time_of(&figures->heartbeat_ms, engine->now_ms);
    counters->join_time = time_of(&figures->join_ms, engine->now_ms);
    counters->sync_time = time_of(&figures->sync_ms, engine->now_ms);
    counters->rebalance_time = time_of(&figures->rebalance_ms, engine->now_ms);
}

void figures_publish(struct engine *engine) {
    const struct login_figures *login = &engine->login.figures;
    struct queue_counters counters = {
        .fetches = engine->fetcher.fetch_count,
        .fetched_bytes = engine->fetcher.fetched_bytes,
        .stale_answers = engine->fetcher.stale_count,
        .committed_offsets = engine->commits.committed_count,
        .failed_commits = engine->commits.failed_count,
        .expired_holds = engine->handover->expired_count,
        .connections = (uint64_t)cluster_connection_count(&engine->cluster),
        .tls_handshakes = login->handshakes,
        .resumed_tls_handshakes = login->resumed_handshakes,
        .tls_failures = login->tls_failures,
        .authentications = login->authentications,
        .reauthentications = login->reauthentications,
        .authentication_failures = login->refusals,
        .rebalanced_at_ms = -1,
        .fetch_time = time_of(&engine->figures->fetch_ms, engine->now_ms),
        .commit_time = time_of(&engine->figures->commit_ms, engine->now_ms),
    };
    if (engine->member) add_member(engine, &counters);
    queue_publish(engine->queue, &counters);
}
