// SPDX-License-Identifier: Apache-2.0
// The APIs that a consumer speaks: key, name, tables, versions. Constant data, any thread.
#pragma once

#include "consumer/wire/schema.h"

#include <stdbool.h>
#include <stdint.h>

/// Kafka's API keys, also of APIs that are not spoken (yet).
enum api_key {
    API_PRODUCE = 0,
    API_FETCH = 1,
    API_LIST_OFFSETS = 2,
    API_METADATA = 3,
    API_OFFSET_COMMIT = 8,
    API_OFFSET_FETCH = 9,
    API_FIND_COORDINATOR = 10,
    API_JOIN_GROUP = 11,
    API_HEARTBEAT = 12,
    API_LEAVE_GROUP = 13,
    API_SYNC_GROUP = 14,
    API_SASL_HANDSHAKE = 17,
    API_API_VERSIONS = 18,
    API_CREATE_TOPICS = 19,
    API_INIT_PRODUCER_ID = 22,
    API_OFFSET_FOR_LEADER_EPOCH = 23,
    API_ADD_PARTITIONS_TO_TXN = 24,
    API_END_TXN = 26,
    API_SASL_AUTHENTICATE = 36,
    API_CONSUMER_GROUP_HEARTBEAT = 68,
};

/// One API. ApiVersions has a hole: v1 and v2 are not spoken (some brokers mishandle them, and they
/// say nothing that v0 does not).
struct api {
    const char *name; ///< as Kafka writes it: "Fetch"
    const struct schema *request;
    const struct schema *response;
    enum api_key key;
    int16_t min_version; ///< the least that we speak
    int16_t max_version; ///< the most that we speak
};

/// The API of a key; NULL when a consumer does not speak it.
const struct api *api_find(int16_t key);

/// Walks all APIs: the first for NULL, NULL after the last.
const struct api *api_next(const struct api *previous);

/// True when we speak the version.
bool api_speaks(const struct api *api, int16_t version);

/// The highest version that both sides speak; false, and no version, when there is none.
bool api_choose_version(
    const struct api *api, int16_t broker_min, int16_t broker_max, int16_t *version
);

/// The version of the request's header: 2 for flexible versions, else 1.
int16_t api_request_header_version(const struct api *api, int16_t version);

/// The version of the response's header: 1 for flexible versions, else 0; always 0 for ApiVersions,
/// so that a client can read the answer before it knows what the broker speaks (KIP-511).
int16_t api_response_header_version(const struct api *api, int16_t version);
