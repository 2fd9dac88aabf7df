// SPDX-License-Identifier: Apache-2.0
// The API table's messages, two for each API, then those that are in no API of a consumer.
#include "tests/unit/wire/catalog.h"

#include "consumer/base/must.h"
#include "consumer/wire/api.h"
#include "consumer/wire/consumer_protocol.h"
#include "consumer/wire/field.h"
#include "consumer/wire/messages_session.h"
#include "tests/fake_kafka/messages_produce.h"

static const struct catalog_entry others[] = {
    { &request_header_schema, -1, 1, 2 },
    { &response_header_schema, -1, 0, 1 },
    { &consumer_protocol_subscription_schema, -1, 0, 3 },
    { &consumer_protocol_assignment_schema, -1, 0, 3 },
    { &produce_request_schema, API_PRODUCE, 3, 11 },
    { &produce_response_schema, API_PRODUCE, 3, 11 },
    { &create_topics_request_schema, API_CREATE_TOPICS, 2, 7 },
    { &create_topics_response_schema, API_CREATE_TOPICS, 2, 7 },
};

enum { OTHER_COUNT = sizeof others / sizeof others[0] };

static size_t api_count(void) {
    size_t count = 0;
    for (const struct api *api = api_next(NULL); api; api = api_next(api))
        count++;
    return count;
}

size_t catalog_size(void) {
    return 2 * api_count() + OTHER_COUNT;
}

struct catalog_entry catalog_at(size_t index) {
    must(index < catalog_size());
    size_t in_apis = 2 * api_count();
    struct catalog_entry entry;
    if (index >= in_apis) {
        entry = others[index - in_apis];
    } else {
        const struct api *api = api_next(NULL);
        for (size_t i = 0; i < index / 2; i++)
            api = api_next(api);
        entry = (struct catalog_entry){
            .schema = index % 2 == 0 ? api->request : api->response,
            .api_key = (int16_t)api->key,
            .min_version = api->min_version,
            .max_version = api->max_version,
        };
    }
    must(entry.schema->size <= sizeof(union catalog_message));
    return entry;
}

bool catalog_has(struct catalog_entry entry, int16_t version) {
    const struct api *api = api_find(entry.api_key);
    if (api) return api_speaks(api, version);
    return version >= entry.min_version && version <= entry.max_version;
}
