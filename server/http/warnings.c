// SPDX-License-Identifier: Apache-2.0
// A table: code, text, and the test for it.
#include "server/http/warnings.h"

#include "server/base/must.h"
#include "server/consumers/consumer.h"
#include "server/consumers/spec.h"
#include "server/http/delivery.h"
#include "server/json/writer.h"

#include <stdlib.h>
#include <string.h>

static const char *setting(const struct consumer *consumer, const char *key) {
    const char *text = kc_config_get(consumer->spec->config, key);
    return text ? text : "";
}

/// With automatic commits alone: by hand, each commits what it has processed.
static bool is_shared(const struct consumer *consumer, const struct kc_description *now) {
    (void)now;
    bool automatic = strcmp(setting(consumer, "enable.auto.commit"), "true") == 0;
    return automatic && delivery_is_shared(consumer->delivery);
}

static bool misses_heartbeats(const struct consumer *consumer, const struct kc_description *now) {
    int64_t session_ms = strtoll(setting(consumer, "session.timeout.ms"), NULL, 10);
    must(session_ms >= 0);
    return session_ms > 0 && !now->assigned_by_hand && now->subscription_count > 0 &&
           now->heartbeat_age_ms > session_ms / 2;
}

static bool has_partition_errors(
    const struct consumer *consumer, const struct kc_description *now
) {
    (void)consumer;
    for (size_t i = 0; i < now->assignment_count; i++) {
        if (now->assignment[i].last_error != KC_OK) return true;
    }
    return false;
}

static bool is_all_paused(const struct consumer *consumer, const struct kc_description *now) {
    (void)consumer;
    for (size_t i = 0; i < now->assignment_count; i++) {
        if (!now->assignment[i].paused) return false;
    }
    return now->assignment_count > 0;
}

static const struct {
    const char *code;
    const char *text;
    bool (*applies)(const struct consumer *consumer, const struct kc_description *now);
} warnings[] = {
    [WARNING_CONSUMER_SHARED] = { "CONSUMER_SHARED",
                                  "polls come by turns over two open connections, and commits are "
                                  "automatic: if these are two applications, each gets a part of "
                                  "the records, and the poll of one acknowledges what the other "
                                  "has not processed yet; give each a consumer of its own",
                                  is_shared },
    [WARNING_HEARTBEATS_MISSED] = { "HEARTBEATS_MISSED",
                                    "no good answer to a heartbeat for more than half of "
                                    "session.timeout.ms: the group may soon go on without this "
                                    "member",
                                    misses_heartbeats },
    [WARNING_PARTITION_ERRORS] = { "PARTITION_ERRORS",
                                   "partitions have an error: see theirs in the assignment",
                                   has_partition_errors },
    [WARNING_ALL_PAUSED] = { "ALL_PAUSED",
                             "all assigned partitions are paused: polls bring nothing",
                             is_all_paused },
};

_Static_assert(sizeof warnings / sizeof warnings[0] == WARNING_COUNT, "a row for each");

bool warning_applies(
    enum warning warning, const struct consumer *consumer, const struct kc_description *now
) {
    must(warning < WARNING_COUNT && now != NULL);
    return warnings[warning].applies(consumer, now);
}

const char *warning_code(enum warning warning) {
    must(warning < WARNING_COUNT);
    return warnings[warning].code;
}

void warnings_write(
    struct out *out,
    const char *key,
    const struct consumer *consumer,
    const struct kc_description *now
) {
    writer_key(out, key);
    writer_begin_array(out);
    for (unsigned i = 0; i < WARNING_COUNT; i++) {
        if (!warning_applies((enum warning)i, consumer, now)) continue;
        writer_begin_object(out);
        writer_member_string(out, "code", warnings[i].code);
        writer_member_string(out, "detail", warnings[i].text);
        writer_end_object(out);
    }
    writer_end_array(out);
}
