// SPDX-License-Identifier: Apache-2.0
// What the registry says of a name, as a client is told it.
#include "server/http/addressee.h"

#include "server/base/must.h"
#include "server/consumers/registry.h"

bool addressee_find(struct request *request, const char *name, struct problem *problem) {
    static const char expired[] = "consumer.idle.timeout.ms is over; PUT makes it anew";
    must(name != NULL);
    struct consumer *consumer;
    if (!registry_is_name(name)) {
        *problem = problem_of(PROBLEM_INVALID_ARGUMENT, "name: " REGISTRY_NAMES);
        return false;
    }
    switch (registry_ref(request->service->consumers, name, &consumer)) {
    case REGISTRY_FOUND:
        registry_unref(request->consumer);
        request->consumer = consumer;
        return true;
    case REGISTRY_NONE: *problem = problem_of(PROBLEM_NO_SUCH_CONSUMER, name); break;
    case REGISTRY_EXPIRED: *problem = problem_of(PROBLEM_CONSUMER_EXPIRED, expired); break;
    }
    return false;
}
