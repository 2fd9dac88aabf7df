// SPDX-License-Identifier: Apache-2.0
// The JSON of results, as the OpenAPI document describes it. Values without threads.
#pragma once

#include "consumer/consumer.h"
#include "server/base/out.h"

#include <stdbool.h>
#include <stddef.h>

/// The members that an entry of a list of partitions has beside topic and partition.
enum answer_member {
    ANSWER_OFFSET = 1,
    ANSWER_LEADER_EPOCH = 2,
    ANSWER_METADATA = 4,
    ANSWER_TIMESTAMP = 8,
    ANSWER_ERROR = 16,
};

/// Writes a key and its list of partitions; `members` is an or of enum answer_member.
void answer_partitions(
    struct out *out,
    const char *key,
    const struct kc_partition *partitions,
    size_t count,
    unsigned members
);

/// Writes a consumer's state as an object without its closing brace.
void answer_begin_status(struct out *out, const struct kc_description *description);

/// Writes {"partitions":[…],"assigned_by_hand":…}.
void answer_assignment(struct out *out, const struct kc_description *description);

/// Writes {"partitions":[…]} of those that are paused.
void answer_paused(struct out *out, const struct kc_description *description);

/// Writes {"topics":[…],"pattern":null}.
void answer_subscription(struct out *out, const struct kc_description *description);

/// Writes one topic as an object.
void answer_topic(struct out *out, const struct kc_topic *topic);
