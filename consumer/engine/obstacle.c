// SPDX-License-Identifier: Apache-2.0
// The group comes first: a member that is fenced, or not authorized, stays so whatever happens to
// the connections.
#include "consumer/engine/obstacle.h"

#include "consumer/base/must.h"
#include "consumer/engine/engine_state.h"
#include "consumer/group/member.h"

static struct queue_error of_member(const struct engine *engine) {
    struct member_error error = member_describe(engine->member).error;
    bool tell = error.fatal || error.status == STATUS_GROUP_AUTHORIZATION_FAILED;
    if (!error.status || !tell) return (struct queue_error){ 0 };
    return (struct queue_error){
        .status = error.status,
        .kafka_error = error.kafka_error,
        .offset = -1,
    };
}

// That no broker can be reached may pass by itself; that none lets us in may not.
static struct queue_error of_cluster(const struct engine *engine) {
    enum status status = cluster_obstacle(&engine->cluster);
    if (!status_is_of_security(status)) return (struct queue_error){ 0 };
    return (struct queue_error){ .status = status, .offset = -1 };
}

struct queue_error obstacle_find(const struct engine *engine) {
    struct queue_error obstacle = { 0 };
    if (engine_has_group(engine)) obstacle = of_member(engine);
    if (!obstacle.status) obstacle = of_cluster(engine);
    return obstacle;
}

void obstacle_step(struct engine *engine) {
    struct queue_error obstacle = obstacle_find(engine);
    if (!obstacle.status && !engine->has_obstacle) return;
    engine->has_obstacle = obstacle.status != STATUS_OK;
    queue_set_failure(engine->queue, obstacle);
}
