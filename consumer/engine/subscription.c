// SPDX-License-Identifier: Apache-2.0
// With a pattern, every metadata request asks for all topics, and never creates one (pitfall 100).
// An answer that names the same topics as the one before costs a digest; another is matched a slice
// a step, so that neither a huge cluster nor a costly expression holds up heartbeats.
#include "consumer/engine/subscription.h"

#include "consumer/base/must.h"
#include "consumer/cluster/topic_pattern.h"
#include "consumer/engine/engine_state.h"
#include "consumer/engine/reporter.h"
#include "consumer/engine/row.h"
#include "consumer/fetch/queue.h"
#include "consumer/group/member.h"
#include "consumer/group/topic_list.h"
#include "consumer/wire/messages_cluster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

struct topic_search {
    struct engine *engine;
    struct topic_pattern *pattern;
    bool has_answer;    ///< since the pattern was set
    bool has_matches;   ///< of a pass that was finished since
    uint64_t digest;    ///< of the names of the last answer
    struct arena arena; ///< holds the names of the pass under way
    struct slice *names;
    size_t name_count;
    size_t next;
    size_t match_count; ///< of the pass; they stand first in `names`
    bool is_passing;
    bool is_too_hard; ///< for a name of the pass
    bool has_told_too_hard;
    struct topic_list matches; ///< of the last pass that was finished
};

// ------------------------------------------------------------------------------------------------
// By name

// What stands in a topic's way is told anew to whoever subscribes to it next.
static void drop_topic(struct engine *engine, char *name) {
    must(name != NULL);
    struct topic_metadata *topic = metadata_find(&engine->cluster.metadata, name);
    if (topic) topic->told_error_code = 0;
    queue_set_topic_error(engine->queue, name, (struct queue_error){ 0 });
    free(name);
}

static void set_topics(struct engine *engine, const char *const *topics, size_t count) {
    must(topics != NULL || count == 0);
    struct subscription *subscription = &engine->subscription;
    for (size_t i = 0; i < subscription->count; i++)
        drop_topic(engine, subscription->topics[i]);
    free(subscription->topics);
    subscription->topics = must_alloc((count + 1) * sizeof *subscription->topics);
    subscription->count = count;
    for (size_t i = 0; i < count; i++) {
        subscription->topics[i] = must_strdup(topics[i]);
        cluster_want_topic(&engine->cluster, topics[i]);
    }
}

static void end_search(struct engine *engine) {
    struct topic_search *search = engine->subscription.search;
    engine->subscription.search = NULL;
    if (!search) return;
    cluster_list_topics(&engine->cluster, NULL, NULL);
    topic_pattern_free(search->pattern);
    topic_list_dispose(&search->matches);
    arena_dispose(&search->arena);
    free(search);
}

void subscription_set(struct engine *engine, const char *const *topics, size_t count) {
    end_search(engine);
    set_topics(engine, topics, count);
}

bool subscription_exists(const struct engine *engine) {
    return engine->subscription.search || engine->subscription.count > 0;
}

const char *subscription_pattern(const struct engine *engine) {
    const struct topic_search *search = engine->subscription.search;
    return search ? topic_pattern_text(search->pattern) : NULL;
}

void subscription_dispose(struct engine *engine) {
    end_search(engine);
    for (size_t i = 0; i < engine->subscription.count; i++)
        free(engine->subscription.topics[i]);
    free(engine->subscription.topics);
}

// ------------------------------------------------------------------------------------------------
// By pattern

// A sum over the names, whatever their order: brokers list topics in any.
static uint64_t digest_of(const struct metadata_response *response) {
    uint64_t sum = (uint64_t)response->topics_count;
    for (int32_t i = 0; i < response->topics_count; i++) {
        const struct metadata_response_topic *topic = &response->topics[i];
        uint64_t hash = 14695981039346656037u + topic->is_internal;
        for (size_t k = 0; k < topic->name.size; k++)
            hash = (hash ^ topic->name.data[k]) * 1099511628211u;
        hash = (hash ^ (hash >> 31)) * 0x9e3779b97f4a7c15u;
        sum += hash ^ (hash >> 29);
    }
    return sum;
}

// An answer about all topics: begins a pass over their names, in place of one under way.
static void on_topics(void *arg, const struct metadata_response *response) {
    struct topic_search *search = arg;
    uint64_t digest = digest_of(response);
    if (search->has_answer && search->digest == digest) return;
    search->has_answer = true;
    search->digest = digest;
    arena_dispose(&search->arena);
    size_t most = response->topics_count > 0 ? (size_t)response->topics_count : 0;
    search->names = arena_array(&search->arena, most + 1, sizeof *search->names);
    search->name_count = 0;
    search->next = 0;
    search->match_count = 0;
    search->is_too_hard = false;
    for (size_t i = 0; i < most; i++) {
        const struct metadata_response_topic *topic = &response->topics[i];
        bool can_be_read = topic->name.size > 0 && !topic->is_internal;
        if (!can_be_read || topic->name.size > LONGEST_TOPIC_NAME) continue;
        search->names[search->name_count++] = arena_copy(&search->arena, topic->name);
    }
    search->is_passing = true;
}

void subscription_set_pattern_take(struct engine *engine, struct topic_pattern *pattern) {
    must(pattern != NULL);
    end_search(engine);
    struct topic_search *search = must_alloc(sizeof *search);
    search->engine = engine;
    search->pattern = pattern;
    engine->subscription.search = search;
    cluster_list_topics(&engine->cluster, on_topics, search);
}

static void tell_too_hard(struct engine *engine, struct topic_search *search) {
    if (search->is_too_hard && !search->has_told_too_hard) {
        log_warn(
            &engine->log, "pattern", "exceeded", "bound_steps=%d", (int)TOPIC_PATTERN_MOST_STEPS
        );
        reporter_on_costly_pattern(engine);
    }
    search->has_told_too_hard = search->is_too_hard;
}

// Matches the next slice of names; true at the end of the pass.
static bool match_some(struct topic_search *search) {
    size_t end = search->next + SUBSCRIPTION_NAMES_A_STEP;
    if (end > search->name_count) end = search->name_count;
    for (; search->next < end; search->next++) {
        struct slice name = search->names[search->next];
        switch (topic_pattern_match(search->pattern, name)) {
        case TOPIC_MATCHES: search->names[search->match_count++] = name; break;
        case TOPIC_DIFFERS: break;
        case TOPIC_IS_TOO_HARD: search->is_too_hard = true; break;
        }
    }
    return search->next == search->name_count;
}

static void log_topics(const struct engine *engine, const struct topic_list *topics) {
    log_info(
        &engine->log,
        "pattern",
        "matched",
        "pattern=\"%.200s\" topics=%zu before=%zu",
        subscription_pattern(engine),
        topics->count,
        engine->subscription.count
    );
}

// What matches now, and what has matched and is not surely gone (pitfall 79).
static void apply(struct engine *engine, struct topic_search *search) {
    const struct subscription *old = &engine->subscription;
    size_t most = search->matches.count + old->count;
    const char **names = must_alloc((most + 1) * sizeof *names);
    size_t count = 0;
    for (size_t i = 0; i < search->matches.count; i++)
        names[count++] = search->matches.names[i];
    for (size_t i = 0; i < old->count; i++) {
        struct slice name = slice_from_string(old->topics[i]);
        bool matches = topic_pattern_match(search->pattern, name) == TOPIC_MATCHES;
        bool is_gone = metadata_is_gone(&engine->cluster.metadata, old->topics[i]);
        if (matches && !is_gone) names[count++] = old->topics[i];
    }
    struct topic_list wanted = { 0 };
    struct topic_list had = { 0 };
    topic_list_set(&wanted, names, count);
    topic_list_set(&had, (const char *const *)old->topics, old->count);
    if (!topic_list_equal(&wanted, &had)) {
        log_topics(engine, &wanted);
        set_topics(engine, wanted.names, wanted.count);
        member_subscribe(engine->member, wanted.names, wanted.count, engine->now_ms);
        engine->is_dirty = true;
    }
    topic_list_dispose(&wanted);
    topic_list_dispose(&had);
    free(names);
}

static void finish_pass(struct engine *engine, struct topic_search *search) {
    const char **names = arena_array(&search->arena, search->match_count + 1, sizeof *names);
    for (size_t i = 0; i < search->match_count; i++)
        names[i] = arena_string(&search->arena, search->names[i]);
    topic_list_set(&search->matches, names, search->match_count);
    arena_dispose(&search->arena);
    search->is_passing = false;
    search->has_matches = true;
    apply(engine, search);
    tell_too_hard(engine, search);
}

void subscription_step(struct engine *engine) {
    struct subscription *subscription = &engine->subscription;
    struct topic_search *search = subscription->search;
    if (search && search->is_passing) {
        engine->is_dirty = true;
        if (match_some(search)) finish_pass(engine, search);
        return;
    }
    if (subscription->answers == engine->cluster.answer_count) return;
    subscription->answers = engine->cluster.answer_count;
    if (search && search->has_matches) apply(engine, search);
    subscription_forget_topics(engine);
}

// ------------------------------------------------------------------------------------------------
// Topics that are not wanted any more

static void mark(struct engine *engine, const char *name) {
    struct topic_metadata *topic = metadata_find(&engine->cluster.metadata, name);
    if (topic) topic->is_used = true;
}

static void mark_used(struct engine *engine) {
    for (size_t i = 0; i < engine->subscription.count; i++)
        mark(engine, engine->subscription.topics[i]);
    const struct position *position;
    DL_FOREACH(engine->positions.first, position) {
        mark(engine, position->topic);
    }
    size_t count = 0;
    const char *const *watched =
        engine->member ? member_watched_topics(engine->member, &count) : NULL;
    for (size_t i = 0; i < count; i++)
        mark(engine, watched[i]);
}

void subscription_forget_topics(struct engine *engine) {
    if (engine->jobs) return;
    struct metadata *metadata = &engine->cluster.metadata;
    for (struct topic_metadata *topic = metadata->topics; topic; topic = topic->hh.next)
        topic->is_used = false;
    mark_used(engine);
    struct topic_metadata *topic;
    struct topic_metadata *next;
    HASH_ITER(hh, metadata->topics, topic, next) {
        if (!topic->is_used) metadata_forget(metadata, topic);
    }
}
