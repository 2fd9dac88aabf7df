// SPDX-License-Identifier: Apache-2.0
// One row an API. The ranges are those that the golden frames show of Kafka 4.4.0 and 2.1.1, cut to
// the versions that there are tables for.
#include "tests/fake_kafka/fake_versions.h"

#include "consumer/base/must.h"
#include "consumer/wire/kafka_error.h"
#include "consumer/wire/messages_session.h"
#include "tests/fake_kafka/fake_handlers.h"
#include "tests/fake_kafka/messages_produce.h"

static const struct api produce = {
    .key = API_PRODUCE,
    .name = "Produce",
    .request = &produce_request_schema,
    .response = &produce_response_schema,
    .min_version = 3,
    .max_version = 11,
};

static const struct api create_topics = {
    .key = API_CREATE_TOPICS,
    .name = "CreateTopics",
    .request = &create_topics_request_schema,
    .response = &create_topics_response_schema,
    .min_version = 2,
    .max_version = 7,
};

struct range {
    int16_t min;
    int16_t max;
};

enum { PROFILE_COUNT = FAKE_KAFKA_2_1 + 1 };

static const struct {
    enum api_key key;
    const struct api *api; // NULL: one that consumers speak too
    fake_handler *handler;
    struct range offered[PROFILE_COUNT];
} rows[] = {
    { API_PRODUCE, &produce, fake_produce_serve, { { 0, 11 }, { 0, 7 } } },
    { API_FETCH, NULL, fake_fetch_serve, { { 4, 17 }, { 0, 10 } } },
    { API_LIST_OFFSETS, NULL, fake_list_offsets_serve, { { 1, 11 }, { 0, 4 } } },
    { API_METADATA, NULL, fake_metadata_serve, { { 0, 13 }, { 0, 7 } } },
    { API_OFFSET_COMMIT, NULL, fake_offset_commit_serve, { { 2, 10 }, { 0, 6 } } },
    { API_OFFSET_FETCH, NULL, fake_offset_fetch_serve, { { 1, 10 }, { 0, 5 } } },
    { API_FIND_COORDINATOR, NULL, fake_find_coordinator_serve, { { 0, 6 }, { 0, 2 } } },
    { API_JOIN_GROUP, NULL, fake_join_group_serve, { { 0, 9 }, { 0, 3 } } },
    { API_HEARTBEAT, NULL, fake_heartbeat_serve, { { 0, 4 }, { 0, 2 } } },
    { API_LEAVE_GROUP, NULL, fake_leave_group_serve, { { 0, 5 }, { 0, 2 } } },
    { API_SYNC_GROUP, NULL, fake_sync_group_serve, { { 0, 5 }, { 0, 2 } } },
    { API_API_VERSIONS, NULL, fake_versions_serve, { { 0, 5 }, { 0, 2 } } },
    { API_CREATE_TOPICS, &create_topics, fake_create_topics_serve, { { 2, 7 }, { 0, 3 } } },
    { API_OFFSET_FOR_LEADER_EPOCH, NULL, fake_epoch_end_serve, { { 2, 4 }, { 0, 2 } } },
};

enum { ROW_COUNT = sizeof rows / sizeof rows[0] };

bool fake_versions_find(enum fake_profile profile, int16_t key, struct fake_api *found) {
    must((size_t)profile < PROFILE_COUNT);
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if ((int16_t)rows[i].key != key) continue;
        *found = (struct fake_api){
            .api = rows[i].api ? rows[i].api : api_find(key),
            .handler = rows[i].handler,
            .min_version = rows[i].offered[profile].min,
            .max_version = rows[i].offered[profile].max,
        };
        return true;
    }
    return false;
}

static void list(struct fake_call *call, size_t first, size_t count) {
    struct api_versions_response *response = call->response;
    response->api_keys = fake_call_array(call, &api_versions_response_api_schema, (int32_t)count);
    response->api_keys_count = (int32_t)count;
    for (size_t i = 0; i < count; i++) {
        const struct range *offered = &rows[first + i].offered[call->cluster->profile];
        response->api_keys[i].api_key = (int16_t)rows[first + i].key;
        response->api_keys[i].min_version = offered->min;
        response->api_keys[i].max_version = offered->max;
    }
}

enum fake_served fake_versions_serve(struct fake_call *call) {
    struct api_versions_response *response = call->response;
    response->error_code = fake_call_error(call);
    if (!response->error_code) list(call, 0, ROW_COUNT);
    return FAKE_ANSWERED;
}

void fake_versions_refuse(struct fake_call *call) {
    struct api_versions_response *response = call->response;
    response->error_code = ERROR_UNSUPPORTED_VERSION;
    // Since Kafka 2.4 the refusal says which versions of ApiVersions itself would do.
    if (call->cluster->profile == FAKE_KAFKA_2_1) return;
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (rows[i].key == API_API_VERSIONS) list(call, i, 1);
    }
}
