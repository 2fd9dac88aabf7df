// SPDX-License-Identifier: Apache-2.0
// What the consumer is subscribed to: topics by name, or a pattern and the topics that match it at
// present. Engine thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct engine;
struct topic_pattern;

/// How many names are matched in one step.
enum { SUBSCRIPTION_NAMES_A_STEP = 500 };

/// The search for topics that match a pattern.
struct topic_search;

/// A consumer's subscription. Zeroed: none.
struct subscription {
    char **topics; ///< sorted and unique where they come from a pattern
    size_t count;
    struct topic_search *search; ///< NULL: by name
    uint32_t answers;            ///< metadata answers seen
};

/// Subscribes to topics by name, or to none, in place of what there was.
void subscription_set(struct engine *engine, const char *const *topics, size_t count);

/// Subscribes to what matches a pattern, from the next answer about all topics on. Until then what
/// was subscribed to stays.
void subscription_set_pattern_take(struct engine *engine, struct topic_pattern *pattern);

/// True while topics or a pattern are subscribed to.
bool subscription_exists(const struct engine *engine);

/// The pattern's text; NULL: by name. Borrowed until the subscription changes.
const char *subscription_pattern(const struct engine *engine);

/// Matches names, and gives the member what has come of it.
void subscription_step(struct engine *engine);

/// Metadata of topics that nobody wants any more is not asked for again.
void subscription_forget_topics(struct engine *engine);

/// Frees it, without a word to the member.
void subscription_dispose(struct engine *engine);
