// SPDX-License-Identifier: Apache-2.0
// The table of APIs, ordered by key.
#include "consumer/wire/api.h"

#include "consumer/base/must.h"
#include "consumer/wire/messages_classic.h"
#include "consumer/wire/messages_cluster.h"
#include "consumer/wire/messages_fetch.h"
#include "consumer/wire/messages_offsets.h"
#include "consumer/wire/messages_session.h"

#define API(number, text, noun, least, most)                                               \
    {                                                                                      \
        .key = (number), .name = (text), .request = &noun##_request_schema,                \
        .response = &noun##_response_schema, .min_version = (least), .max_version = (most) \
    }

static const struct api apis[] = {
    API(API_FETCH, "Fetch", fetch, 4, 17),
    API(API_LIST_OFFSETS, "ListOffsets", list_offsets, 1, 11),
    API(API_METADATA, "Metadata", metadata, 1, 13),
    API(API_OFFSET_COMMIT, "OffsetCommit", offset_commit, 2, 10),
    API(API_OFFSET_FETCH, "OffsetFetch", offset_fetch, 1, 10),
    API(API_FIND_COORDINATOR, "FindCoordinator", find_coordinator, 1, 6),
    API(API_JOIN_GROUP, "JoinGroup", join_group, 2, 9),
    API(API_HEARTBEAT, "Heartbeat", heartbeat, 0, 4),
    API(API_LEAVE_GROUP, "LeaveGroup", leave_group, 0, 5),
    API(API_SYNC_GROUP, "SyncGroup", sync_group, 0, 5),
    API(API_SASL_HANDSHAKE, "SaslHandshake", sasl_handshake, 1, 1),
    API(API_API_VERSIONS, "ApiVersions", api_versions, 0, 5),
    API(API_OFFSET_FOR_LEADER_EPOCH, "OffsetForLeaderEpoch", offset_for_leader_epoch, 2, 4),
    API(API_SASL_AUTHENTICATE, "SaslAuthenticate", sasl_authenticate, 0, 2),
};

enum { API_COUNT = sizeof apis / sizeof apis[0] };

const struct api *api_find(int16_t key) {
    for (size_t i = 0; i < API_COUNT; i++)
        if ((int16_t)apis[i].key == key) return &apis[i];
    return NULL;
}

const struct api *api_next(const struct api *previous) {
    if (!previous) return apis;
    must(previous >= apis && previous < apis + API_COUNT);
    return previous + 1 < apis + API_COUNT ? previous + 1 : NULL;
}

bool api_speaks(const struct api *api, int16_t version) {
    must(api != NULL);
    if (api->key == API_API_VERSIONS && (version == 1 || version == 2)) return false;
    return version >= api->min_version && version <= api->max_version;
}

bool api_choose_version(
    const struct api *api, int16_t broker_min, int16_t broker_max, int16_t *version
) {
    must(api != NULL && version != NULL);
    for (int16_t v = api->max_version; v >= api->min_version; v--) {
        if (v < broker_min || v > broker_max || !api_speaks(api, v)) continue;
        *version = v;
        return true;
    }
    return false;
}

int16_t api_request_header_version(const struct api *api, int16_t version) {
    must(api_speaks(api, version));
    return schema_is_flexible(api->request, version) ? 2 : 1;
}

int16_t api_response_header_version(const struct api *api, int16_t version) {
    must(api_speaks(api, version));
    if (api->key == API_API_VERSIONS) return 0;
    return schema_is_flexible(api->response, version) ? 1 : 0;
}
