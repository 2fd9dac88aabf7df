// SPDX-License-Identifier: Apache-2.0
// The parts of one consumer, in the order in which they are made.
#include "server/consumers/consumer.h"

#include "server/base/must.h"
#include "server/consumers/spec.h"
#include "server/http/commits.h"
#include "server/http/delivery.h"
#include "server/http/events.h"
#include "server/http/poller.h"
#include "server/http/sessions.h"

#include <stdlib.h>

static int64_t ack_timeout_ms(const struct kc_config *config) {
    const char *text = kc_config_get(config, "rebalance.ack.timeout.ms");
    must(text != NULL);
    return strtoll(text, NULL, 10);
}

struct consumer *consumer_new(
    const struct consumer_parts *parts,
    const char *name,
    const struct consumer_spec *spec,
    char error[KC_ERROR_BYTES]
) {
    must(parts->runtime != NULL && name != NULL);
    struct events *events = events_new(parts->settings, parts->metrics);
    const struct kc_listener listener = events_listener(events);
    struct kc_consumer *kc = kc_consumer_new(parts->runtime, spec->config, &listener, error);
    if (!kc) {
        events_free(events);
        return NULL;
    }
    events_attach(events, kc);
    struct consumer *consumer = must_have(sizeof *consumer);
    consumer->name = must_copy(name);
    consumer->spec = must_have(sizeof *consumer->spec);
    spec_init_copy(consumer->spec, spec);
    consumer->kc = kc;
    consumer->delivery = delivery_new(kc, parts->metrics);
    consumer->events = events;
    consumer->poller = poller_new(events, consumer->delivery, ack_timeout_ms(spec->config));
    const struct sessions_parts told = { consumer->delivery, events, consumer->poller };
    consumer->sessions = sessions_new(parts->settings, parts->metrics, &told);
    consumer->commits = commits_new(parts->settings, parts->metrics, events);
    return consumer;
}

void consumer_free(struct consumer *consumer) {
    must(consumer->refs == 0);
    poller_free(consumer->poller); // it may acknowledge a last time
    kc_consumer_free(consumer->kc);
    commits_free(consumer->commits);
    events_free(consumer->events);
    sessions_free(consumer->sessions);
    delivery_free(consumer->delivery);
    spec_dispose(consumer->spec);
    free(consumer->spec);
    free(consumer->name);
    free(consumer);
}
