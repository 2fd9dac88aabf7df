// SPDX-License-Identifier: Apache-2.0
// The order in which the parts of a consumer take their steps, and how it closes: commits first,
// then the group, then the connections, each within the close's deadline. Fetch sessions end
// meanwhile.
#include "consumer/engine/engine.h"

#include "consumer/base/must.h"
#include "consumer/engine/command.h"
#include "consumer/engine/commands.h"
#include "consumer/engine/commit.h"
#include "consumer/engine/engine_state.h"
#include "consumer/engine/figures.h"
#include "consumer/engine/handover.h"
#include "consumer/engine/job.h"
#include "consumer/engine/membership.h"
#include "consumer/engine/obstacle.h"
#include "consumer/engine/positions.h"
#include "consumer/engine/reporter.h"
#include "consumer/engine/topics.h"
#include "consumer/fetch/queue.h"
#include "consumer/group/member.h"
#include "consumer/security/security.h"

#include <stdlib.h>
#include <utlist.h>

static int64_t number(const struct engine *engine, enum option_name name) {
    return options_number(&engine->options, name);
}

bool engine_has_group(const struct engine *engine) {
    return engine->member != NULL;
}

int64_t engine_backoff_ms(struct engine *engine, int failures) {
    return random_backoff_ms(
        &engine->random,
        number(engine, OPTION_RETRY_BACKOFF_MS),
        number(engine, OPTION_RETRY_BACKOFF_MAX_MS),
        failures
    );
}

static void init_login(struct engine *engine) {
    const struct login_settings settings = {
        .is_secured = number(engine, OPTION_SECURITY_PROTOCOL) != SECURITY_PLAINTEXT,
        .backoff_ms = number(engine, OPTION_AUTHENTICATION_BACKOFF_MS),
        .backoff_max_ms = number(engine, OPTION_AUTHENTICATION_BACKOFF_MAX_MS),
    };
    login_init(&engine->login, &settings);
}

static void init_cluster(struct engine *engine) {
    struct cluster_settings settings = {
        .connection = {
            .log = &engine->log,
            .random = &engine->random,
            .login = &engine->login,
            .client_id = options_text(&engine->options, OPTION_CLIENT_ID),
            .frame_max_bytes = (size_t)number(engine, OPTION_FRAME_MAX_BYTES),
            .setup_timeout_ms = number(engine, OPTION_CONNECTION_SETUP_TIMEOUT_MS),
            .setup_timeout_max_ms = number(engine, OPTION_CONNECTION_SETUP_TIMEOUT_MAX_MS),
            .reconnect_backoff_ms = number(engine, OPTION_RECONNECT_BACKOFF_MS),
            .reconnect_backoff_max_ms = number(engine, OPTION_RECONNECT_BACKOFF_MAX_MS),
            .idle_max_ms = number(engine, OPTION_CONNECTIONS_MAX_IDLE_MS),
        },
        .retry_backoff_ms = number(engine, OPTION_RETRY_BACKOFF_MS),
        .retry_backoff_max_ms = number(engine, OPTION_RETRY_BACKOFF_MAX_MS),
        .request_timeout_ms = number(engine, OPTION_REQUEST_TIMEOUT_MS),
        .metadata_max_age_ms = number(engine, OPTION_METADATA_MAX_AGE_MS),
        .allow_auto_create_topics = number(engine, OPTION_ALLOW_AUTO_CREATE_TOPICS) != 0,
    };
    cluster_init(&engine->cluster, &settings);
    char host[CONNECTION_HOST_BYTES];
    int32_t port = 0;
    for (size_t i = 0; options_bootstrap(&engine->options, i, host, sizeof host, &port); i++)
        cluster_add_bootstrap(&engine->cluster, host, port);
}

static void init_fetching(struct engine *engine, void (*wake)(void *arg), void *arg) {
    struct queue_settings queue = {
        .limit_bytes = (size_t)number(engine, OPTION_FETCH_BUFFER_BYTES),
        .batch_max_bytes = (size_t)number(engine, OPTION_BATCH_MAX_BYTES),
        .check_crcs = number(engine, OPTION_CHECK_CRCS) != 0,
        .wake = wake,
        .arg = arg,
    };
    engine->queue = queue_new(&queue);
    struct fetcher_settings fetcher = {
        .log = &engine->log,
        .times_ms = figures_fetch_times(engine->figures),
        .rack = options_text(&engine->options, OPTION_CLIENT_RACK),
        .min_bytes = (int32_t)number(engine, OPTION_FETCH_MIN_BYTES),
        .max_bytes = (int32_t)number(engine, OPTION_FETCH_MAX_BYTES),
        .max_wait_ms = (int32_t)number(engine, OPTION_FETCH_MAX_WAIT_MS),
        .partition_max_bytes = (int32_t)number(engine, OPTION_MAX_PARTITION_FETCH_BYTES),
        .read_committed = number(engine, OPTION_ISOLATION_LEVEL) != 0,
        .request_timeout_ms = number(engine, OPTION_REQUEST_TIMEOUT_MS),
        .retry_backoff_ms = number(engine, OPTION_RETRY_BACKOFF_MS),
        .retry_backoff_max_ms = number(engine, OPTION_RETRY_BACKOFF_MAX_MS),
        .preferred_replica_max_age_ms = number(engine, OPTION_METADATA_MAX_AGE_MS),
    };
    fetcher_init(&engine->fetcher, &fetcher, &engine->cluster, engine->queue, &engine->positions);
}

struct engine *engine_new(
    const struct options *options,
    const struct log *log,
    uint64_t seed,
    void (*wake)(void *arg),
    void *arg,
    const struct listener *listener
) {
    must(options_text(options, OPTION_BOOTSTRAP_SERVERS) != NULL);
    struct engine *engine = must_alloc(sizeof *engine);
    options_copy(&engine->options, options);
    engine->log = *log;
    engine->reporter = reporter_new(listener);
    engine->figures = figures_new();
    random_init(&engine->random, seed);
    init_login(engine);
    init_cluster(engine);
    init_fetching(engine, wake, arg);
    const char *group_id = options_text(options, OPTION_GROUP_ID);
    if (group_id) {
        coordinator_init(
            &engine->coordinator, &engine->cluster, options_text(&engine->options, OPTION_GROUP_ID)
        );
        membership_init(engine, seed);
    }
    engine->handover = handover_new();
    engine->poll_due_at_ms = INT64_MAX;
    return engine;
}

void engine_free(struct engine *engine) {
    if (!engine) return;
    subscription_dispose(engine);
    cluster_dispose(&engine->cluster, engine->now_ms);
    topics_abandon(engine);
    commits_abandon(engine, STATUS_CLOSED);
    jobs_dispose(engine);
    commands_abandon(engine);
    must(engine->closers == NULL);
    position_set_clear(&engine->positions);
    fetcher_dispose(&engine->fetcher);
    queue_free(engine->queue);
    member_free(engine->member);
    free(engine->handover);
    free(engine->reporter);
    free(engine->figures);
    login_dispose(&engine->login);
    options_dispose(&engine->options);
    free(engine);
}

void engine_set_share(struct engine *engine, size_t engine_count) {
    must(engine_count > 0);
    size_t share = (size_t)number(engine, OPTION_FETCH_BUFFER_BYTES) / engine_count;
    if (share < ENGINE_LEAST_SHARE_BYTES) share = ENGINE_LEAST_SHARE_BYTES;
    queue_set_limit(engine->queue, share);
    engine->is_dirty = true;
}

struct queue *engine_queue(struct engine *engine) {
    return engine->queue;
}

bool engine_is_closed(const struct engine *engine) {
    return engine->closing == CLOSING_DONE;
}

void engine_on_security_take(struct engine *engine, struct security *security) {
    login_set_security_take(&engine->login, security);
    engine->is_dirty = true;
}

void engine_on_security_trouble(struct engine *engine, const char *why) {
    login_set_trouble(&engine->login, why);
    engine->is_dirty = true;
}

void engine_set_wall_clock(struct engine *engine, int64_t wall_ms, int64_t now_ms) {
    engine->login.wall_offset_ms = wall_ms - now_ms;
}

void engine_on_command_take(struct engine *engine, struct command *command, int64_t now_ms) {
    engine->now_ms = now_ms;
    commands_on_command_take(engine, command);
}

// ------------------------------------------------------------------------------------------------
// Closing

// Every command completes with the close at the latest, so that nobody waits for an engine that
// does nothing any more.
static void finish_close(struct engine *engine) {
    must(cluster_is_closed(&engine->cluster));
    engine->closing = CLOSING_DONE;
    cluster_dispose(&engine->cluster, engine->now_ms);
    topics_abandon(engine);
    jobs_dispose(engine);
    struct command *command;
    struct command *next;
    DL_FOREACH_SAFE(engine->closers, command, next) {
        DL_DELETE(engine->closers, command);
        command_finish_status(command, STATUS_OK);
    }
}

static void start_leaving(struct engine *engine) {
    must(engine->closing == CLOSING_COMMITTING);
    engine->closing = CLOSING_LEAVING;
    if (!engine->member) return;
    _Static_assert((int)FAREWELL_REMAIN == (int)MEMBER_FAREWELL_REMAIN, "farewells have one order");
    must(engine->closers != NULL);
    enum member_farewell farewell = (enum member_farewell)engine->closers->farewell;
    member_close(engine->member, farewell, engine->close_deadline_ms, engine->now_ms);
}

static bool has_left(const struct engine *engine) {
    return !engine->member || member_describe(engine->member).state == MEMBER_UNJOINED;
}

static void start_disconnecting(struct engine *engine) {
    must(engine->closing == CLOSING_LEAVING);
    engine->closing = CLOSING_CONNECTIONS;
    commits_abandon(engine, STATUS_CLOSED);
    commands_abandon(engine);
    handover_abandon(engine);
    cluster_close(&engine->cluster);
}

static void step_closing(struct engine *engine) {
    bool late = engine->now_ms >= engine->close_deadline_ms;
    if (engine->closing == CLOSING_COMMITTING && (commits_are_done(engine) || late))
        start_leaving(engine);
    bool is_quiet = has_left(engine) && fetcher_is_idle(&engine->fetcher);
    if (engine->closing == CLOSING_LEAVING && (is_quiet || late)) start_disconnecting(engine);
    if (engine->closing == CLOSING_CONNECTIONS && cluster_is_closed(&engine->cluster))
        finish_close(engine);
}

// ------------------------------------------------------------------------------------------------
// Steps

static void step_auto_commit(struct engine *engine) {
    if (!number(engine, OPTION_ENABLE_AUTO_COMMIT) || engine->positions.count == 0) return;
    if (engine->now_ms < engine->auto_commit_at_ms || !engine_has_group(engine)) return;
    // Only in steady state: a timer that fires in a rebalance would commit for a generation that is
    // over (pitfall 3).
    if (!engine->assigned_by_hand && !member_is_stable(engine->member)) return;
    engine->auto_commit_at_ms = engine->now_ms + number(engine, OPTION_AUTO_COMMIT_INTERVAL_MS);
    if (commits_are_done(engine)) {
        commit_acknowledged(engine, engine->now_ms + number(engine, OPTION_REQUEST_TIMEOUT_MS));
    }
}

static void step_parts(struct engine *engine) {
    int64_t now_ms = engine->now_ms;
    if (engine_has_group(engine)) coordinator_step(&engine->coordinator, now_ms);
    if (engine->closing == CLOSING_NOT) subscription_step(engine);
    membership_step(engine, now_ms);
    if (engine->closing == CLOSING_NOT) step_auto_commit(engine);
    commits_step(engine, now_ms);
    if (engine->closing == CLOSING_NOT) {
        positions_step(engine, now_ms);
        fetcher_step(&engine->fetcher, now_ms);
    } else {
        fetcher_end_sessions(&engine->fetcher, engine->close_deadline_ms);
    }
    jobs_step(engine, now_ms);
    topics_step(engine);
    obstacle_step(engine);
    commands_step(engine, now_ms);
    reporter_step(engine);
}

void engine_step(struct engine *engine, int64_t now_ms) {
    must(now_ms >= engine->now_ms);
    engine->now_ms = now_ms;
    engine->is_dirty = false;
    if (engine->closing == CLOSING_CONNECTIONS || engine->closing == CLOSING_DONE) {
        step_closing(engine);
        return;
    }
    cluster_step(&engine->cluster, now_ms);
    step_parts(engine);
    if (engine->closing != CLOSING_NOT) step_closing(engine);
    if (engine->closing != CLOSING_CONNECTIONS) cluster_step(&engine->cluster, now_ms);
    figures_publish(engine);
}

static int64_t earlier(int64_t a, int64_t b) {
    return a < b ? a : b;
}

int64_t engine_next_due_ms(struct engine *engine, int64_t now_ms) {
    if (engine->closing == CLOSING_DONE) return INT64_MAX;
    if (engine->is_dirty) return now_ms;
    if (engine->closing == CLOSING_CONNECTIONS) return INT64_MAX;
    int64_t due_ms = cluster_next_due_ms(&engine->cluster, now_ms);
    if (engine_has_group(engine))
        due_ms = earlier(due_ms, coordinator_next_due_ms(&engine->coordinator));
    due_ms = earlier(due_ms, membership_next_due_ms(engine, now_ms));
    due_ms = earlier(due_ms, commits_next_due_ms(engine, now_ms));
    due_ms = earlier(due_ms, jobs_next_due_ms(engine, now_ms));
    due_ms = earlier(due_ms, topics_next_due_ms(engine));
    due_ms = earlier(due_ms, commands_next_due_ms(engine));
    if (engine->closing != CLOSING_NOT) return earlier(due_ms, engine->close_deadline_ms);
    due_ms = earlier(due_ms, positions_next_due_ms(engine, now_ms));
    due_ms = earlier(due_ms, fetcher_next_due_ms(&engine->fetcher, now_ms));
    bool commits = number(engine, OPTION_ENABLE_AUTO_COMMIT) && engine->positions.count > 0 &&
                   engine_has_group(engine);
    if (commits && engine->auto_commit_at_ms > now_ms)
        due_ms = earlier(due_ms, engine->auto_commit_at_ms);
    return due_ms;
}

// ------------------------------------------------------------------------------------------------
// The driver's side

static struct connection *first_from(struct broker *broker, int purpose) {
    if (broker && purpose == PURPOSE_COUNT) {
        broker = broker->hh.next;
        purpose = 0;
    }
    return broker ? &broker->connections[purpose] : NULL;
}

struct connection *engine_next_connection(
    struct engine *engine, const struct connection *previous
) {
    if (!previous) return first_from(engine->cluster.brokers, 0);
    for (struct broker *broker = engine->cluster.brokers; broker; broker = broker->hh.next) {
        for (int i = 0; i < PURPOSE_COUNT; i++) {
            if (&broker->connections[i] == previous) return first_from(broker, i + 1);
        }
    }
    must(!"a connection of another engine");
    return NULL;
}

void engine_on_dialed(struct engine *engine, struct connection *connection, int64_t now_ms) {
    engine->now_ms = now_ms;
    engine->is_dirty = true;
    connection_on_dialed(connection, now_ms);
}

void engine_on_bytes(
    struct engine *engine, struct connection *connection, size_t count, int64_t now_ms
) {
    engine->now_ms = now_ms;
    engine->is_dirty = true;
    connection_on_bytes(connection, count, now_ms);
}

// The member learns that its coordinator is gone from its requests; when none is under way, from
// here.
static void on_coordinator_gone(struct engine *engine, const struct connection *connection) {
    must(connection != NULL);
    bool is_its = engine->member && connection->node_id >= 0 &&
                  connection->node_id == engine->coordinator.node_id;
    struct connection *group =
        is_its ? cluster_connection(&engine->cluster, connection->node_id, PURPOSE_GROUP) : NULL;
    if (group == connection) {
        coordinator_lost(&engine->coordinator, connection->node_id);
        member_on_coordinator_lost(engine->member, engine->now_ms);
    }
}

void engine_on_closed(
    struct engine *engine, struct connection *connection, const char *why, int64_t now_ms
) {
    engine->now_ms = now_ms;
    engine->is_dirty = true;
    on_coordinator_gone(engine, connection);
    connection_on_closed(connection, why, now_ms);
}
