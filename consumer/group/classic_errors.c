// SPDX-License-Identifier: Apache-2.0
// The rows are those of Apache Kafka's AbstractCoordinator and ConsumerCoordinator, in the order of
// KIP-62, KIP-345 and KIP-394. They depart where that client throws into the application's poll and
// joins at the next: an error that an operator or another member can mend is shown and retried.
#include "consumer/group/classic_errors.h"

#include "consumer/base/must.h"
#include "consumer/wire/kafka_error.h"

#include <stddef.h>

static const struct classic_rule find_coordinator_rules[] = {
    { ERROR_COORDINATOR_NOT_AVAILABLE, CLASSIC_RETRY, STATUS_KAFKA_ERROR },
    { ERROR_COORDINATOR_LOAD_IN_PROGRESS, CLASSIC_RETRY, STATUS_KAFKA_ERROR },
    { ERROR_GROUP_AUTHORIZATION_FAILED, CLASSIC_SHOW_AND_RETRY, STATUS_GROUP_AUTHORIZATION_FAILED },
    { ERROR_INVALID_GROUP_ID, CLASSIC_FAIL, STATUS_KAFKA_ERROR },
};

static const struct classic_rule join_rules[] = {
    { ERROR_NONE, CLASSIC_ACCEPT, STATUS_OK },
    { ERROR_COORDINATOR_LOAD_IN_PROGRESS, CLASSIC_RETRY, STATUS_KAFKA_ERROR },
    { ERROR_UNKNOWN_MEMBER_ID, CLASSIC_DROP_MEMBER, STATUS_UNKNOWN_MEMBER },
    { ERROR_COORDINATOR_NOT_AVAILABLE, CLASSIC_FIND_AGAIN, STATUS_KAFKA_ERROR },
    { ERROR_NOT_COORDINATOR, CLASSIC_FIND_AGAIN, STATUS_KAFKA_ERROR },
    { ERROR_FENCED_INSTANCE_ID, CLASSIC_FAIL, STATUS_FENCED },
    { ERROR_INCONSISTENT_GROUP_PROTOCOL, CLASSIC_SHOW_AND_RETRY, STATUS_KAFKA_ERROR },
    { ERROR_INVALID_SESSION_TIMEOUT, CLASSIC_FAIL, STATUS_KAFKA_ERROR },
    { ERROR_INVALID_GROUP_ID, CLASSIC_FAIL, STATUS_KAFKA_ERROR },
    { ERROR_GROUP_AUTHORIZATION_FAILED, CLASSIC_SHOW_AND_RETRY, STATUS_GROUP_AUTHORIZATION_FAILED },
    { ERROR_GROUP_MAX_SIZE_REACHED, CLASSIC_SHOW_AND_RETRY, STATUS_KAFKA_ERROR },
    { ERROR_UNSUPPORTED_VERSION, CLASSIC_FAIL, STATUS_UNSUPPORTED_VERSION },
    { ERROR_MEMBER_ID_REQUIRED, CLASSIC_ADOPT_MEMBER_ID, STATUS_KAFKA_ERROR },
    { ERROR_REBALANCE_IN_PROGRESS, CLASSIC_RETRY, STATUS_REBALANCE_IN_PROGRESS },
};

static const struct classic_rule sync_rules[] = {
    { ERROR_NONE, CLASSIC_ACCEPT, STATUS_OK },
    { ERROR_COORDINATOR_LOAD_IN_PROGRESS, CLASSIC_RETRY, STATUS_KAFKA_ERROR },
    { ERROR_GROUP_AUTHORIZATION_FAILED, CLASSIC_SHOW_AND_RETRY, STATUS_GROUP_AUTHORIZATION_FAILED },
    { ERROR_REBALANCE_IN_PROGRESS, CLASSIC_REBALANCE, STATUS_REBALANCE_IN_PROGRESS },
    { ERROR_FENCED_INSTANCE_ID, CLASSIC_FAIL, STATUS_FENCED },
    { ERROR_UNKNOWN_MEMBER_ID, CLASSIC_DROP_MEMBER, STATUS_UNKNOWN_MEMBER },
    { ERROR_ILLEGAL_GENERATION, CLASSIC_DROP_GENERATION, STATUS_ILLEGAL_GENERATION },
    { ERROR_COORDINATOR_NOT_AVAILABLE, CLASSIC_FIND_AGAIN, STATUS_KAFKA_ERROR },
    { ERROR_NOT_COORDINATOR, CLASSIC_FIND_AGAIN, STATUS_KAFKA_ERROR },
};

static const struct classic_rule heartbeat_rules[] = {
    { ERROR_NONE, CLASSIC_ACCEPT, STATUS_OK },
    { ERROR_COORDINATOR_NOT_AVAILABLE, CLASSIC_FIND_AGAIN, STATUS_KAFKA_ERROR },
    { ERROR_NOT_COORDINATOR, CLASSIC_FIND_AGAIN, STATUS_KAFKA_ERROR },
    { ERROR_COORDINATOR_LOAD_IN_PROGRESS, CLASSIC_RETRY, STATUS_KAFKA_ERROR },
    { ERROR_REBALANCE_IN_PROGRESS, CLASSIC_REBALANCE, STATUS_REBALANCE_IN_PROGRESS },
    { ERROR_ILLEGAL_GENERATION, CLASSIC_DROP_GENERATION, STATUS_ILLEGAL_GENERATION },
    { ERROR_UNKNOWN_MEMBER_ID, CLASSIC_DROP_MEMBER, STATUS_UNKNOWN_MEMBER },
    { ERROR_FENCED_INSTANCE_ID, CLASSIC_FAIL, STATUS_FENCED },
    { ERROR_GROUP_AUTHORIZATION_FAILED, CLASSIC_SHOW_AND_RETRY, STATUS_GROUP_AUTHORIZATION_FAILED },
};

static const struct classic_rule leave_rules[] = {
    { ERROR_NONE, CLASSIC_ACCEPT, STATUS_OK },
    { ERROR_COORDINATOR_LOAD_IN_PROGRESS, CLASSIC_RETRY, STATUS_KAFKA_ERROR },
    { ERROR_COORDINATOR_NOT_AVAILABLE, CLASSIC_FIND_AGAIN, STATUS_KAFKA_ERROR },
    { ERROR_NOT_COORDINATOR, CLASSIC_FIND_AGAIN, STATUS_KAFKA_ERROR },
};

static const struct classic_rule commit_rules[] = {
    { ERROR_GROUP_AUTHORIZATION_FAILED, CLASSIC_IGNORE, STATUS_GROUP_AUTHORIZATION_FAILED },
    { ERROR_COORDINATOR_NOT_AVAILABLE, CLASSIC_FIND_AGAIN, STATUS_KAFKA_ERROR },
    { ERROR_NOT_COORDINATOR, CLASSIC_FIND_AGAIN, STATUS_KAFKA_ERROR },
    { ERROR_REQUEST_TIMED_OUT, CLASSIC_FIND_AGAIN, STATUS_TIMED_OUT },
    { ERROR_FENCED_INSTANCE_ID, CLASSIC_FAIL, STATUS_FENCED },
    { ERROR_REBALANCE_IN_PROGRESS, CLASSIC_REBALANCE, STATUS_REBALANCE_IN_PROGRESS },
    { ERROR_UNKNOWN_MEMBER_ID, CLASSIC_DROP_MEMBER, STATUS_UNKNOWN_MEMBER },
    { ERROR_ILLEGAL_GENERATION, CLASSIC_DROP_GENERATION, STATUS_ILLEGAL_GENERATION },
};

#define RULES(array) array, sizeof(array) / sizeof((array)[0])

/// The tables, with the rule for errors that a table does not name. A LeaveGroup refused for
/// another reason is a goodbye all the same: UNKNOWN_MEMBER_ID, for one, says that it is done.
static const struct {
    const char *name;
    const struct classic_rule *rules;
    size_t count;
    struct classic_rule otherwise;
} tables[] = {
    // clang-format off
    [CLASSIC_FIND_COORDINATOR] = { "FindCoordinator", RULES(find_coordinator_rules), { 0, CLASSIC_SHOW_AND_RETRY, STATUS_KAFKA_ERROR } },
    [CLASSIC_JOIN]             = { "JoinGroup", RULES(join_rules), { 0, CLASSIC_SHOW_AND_RETRY, STATUS_KAFKA_ERROR } },
    [CLASSIC_SYNC]             = { "SyncGroup", RULES(sync_rules), { 0, CLASSIC_SHOW_AND_RETRY, STATUS_KAFKA_ERROR } },
    [CLASSIC_HEARTBEAT]        = { "Heartbeat", RULES(heartbeat_rules), { 0, CLASSIC_SHOW_AND_RETRY, STATUS_KAFKA_ERROR } },
    [CLASSIC_LEAVE]            = { "LeaveGroup", RULES(leave_rules), { 0, CLASSIC_ACCEPT, STATUS_KAFKA_ERROR } },
    [CLASSIC_COMMIT]           = { "OffsetCommit", RULES(commit_rules), { 0, CLASSIC_IGNORE, STATUS_KAFKA_ERROR } },
    // clang-format on
};

const struct classic_rule *classic_rule_find(enum classic_api api, int16_t error_code) {
    must((size_t)api < sizeof tables / sizeof tables[0]);
    for (size_t i = 0; i < tables[api].count; i++) {
        if (tables[api].rules[i].error_code == error_code) return &tables[api].rules[i];
    }
    return &tables[api].otherwise;
}

const struct classic_rule *classic_rule_of_failure(enum status status) {
    // Whatever happened to the connection, the coordinator is looked for again (pitfall 63).
    static const struct classic_rule unanswered = { 0, CLASSIC_FIND_AGAIN, STATUS_DISCONNECTED };
    static const struct classic_rule unsupported = { 0, CLASSIC_FAIL, STATUS_UNSUPPORTED_VERSION };
    must(status != STATUS_OK);
    return status == STATUS_UNSUPPORTED_VERSION ? &unsupported : &unanswered;
}

const char *classic_api_name(enum classic_api api) {
    must((size_t)api < sizeof tables / sizeof tables[0]);
    return tables[api].name;
}
