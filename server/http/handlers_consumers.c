// SPDX-License-Identifier: Apache-2.0
// Calls about consumers as such: which there are, making one, closing one.
#include "server/base/must.h"
#include "server/consumers/registry.h"
#include "server/consumers/spec.h"
#include "server/consumers/tombstones.h"
#include "server/http/addressee.h"
#include "server/http/handlers.h"
#include "server/json/subscription.h"
#include "server/json/writer.h"

#include <stdio.h>
#include <string.h>

enum { LONGEST_CLOSE_MS = 600000 };

static const char configured[] = "the configured consumer is there as long as the process; its "
                                 "settings are those of the process";

/// The members by which a list and a single consumer are told; `description` NULL: it has none any
/// more.
static void write_summary(
    struct out *body,
    const char *name,
    const char *group_id,
    const char *state,
    const struct kc_description *description
) {
    must(name != NULL && state != NULL);
    writer_member_string(body, "name", name);
    writer_member_string(body, "state", state);
    writer_member_boolean(body, "ready", description && description->ready);
    writer_member_string(body, "group_id", group_id);
    writer_member_string(body, "member_id", description ? description->member_id : NULL);
}

static const char *group_of(const struct consumer *consumer) {
    return kc_config_get(consumer->spec->config, "group.id");
}

static void write_listed(
    struct out *body, const struct consumer *consumer, const struct kc_result *result
) {
    const struct kc_description *now = result->description;
    bool closing = !now || registry_is_closing(consumer);
    writer_begin_object(body);
    write_summary(
        body,
        consumer->name,
        group_of(consumer),
        closing ? "closing" : now->state,
        closing ? NULL : now
    );
    writer_end_object(body);
}

static void show_consumers(struct request *request) {
    size_t count;
    const struct tombstone *expired =
        registry_expired(request->service->consumers, &request->pool, &count);
    struct out body = { 0 };
    writer_begin_object(&body);
    writer_key(&body, "consumers");
    writer_begin_array(&body);
    for (size_t i = 0; request->all[i]; i++)
        write_listed(&body, request->all[i], request_result(request, i));
    for (size_t i = 0; i < count; i++) {
        writer_begin_object(&body);
        write_summary(&body, expired[i].name, expired[i].group_id, "expired", NULL);
        writer_end_object(&body);
    }
    writer_end_array(&body);
    writer_end_object(&body);
    request_answer_json_take(request, &body);
}

void handle_get_consumers(struct request *request) {
    request->all = registry_ref_all(request->service->consumers);
    size_t count = 0;
    while (request->all[count])
        count++;
    request_wait(request, count, show_consumers);
    for (size_t i = 0; i < count; i++)
        kc_describe(request->all[i]->kc, request_part(request, i));
}

/// The value of an option as JSON has it.
static void write_option(
    struct out *body, const struct kc_option *option, const struct kc_config *config
) {
    const char *value = kc_config_get(config, option->key);
    switch (option->type) {
    case KC_BOOLEAN:
    case KC_INTEGER:
        writer_key(body, option->key);
        out_string(body, value ? value : "null");
        return;
    case KC_STRING:
    case KC_LIST:
    case KC_CHOICE: writer_member_string(body, option->key, value); return;
    }
}

static void write_config(struct out *body, const struct kc_config *config) {
    size_t count;
    const struct kc_option *options = kc_options(&count);
    must(config != NULL);
    writer_key(body, "config");
    writer_begin_object(body);
    for (size_t i = 0; i < count; i++) {
        if (!options[i].secret) write_option(body, &options[i], config);
    }
    writer_end_object(body);
}

static void answer_consumer(struct request *request, unsigned http_status) {
    const struct kc_result *result = request_result(request, 0);
    if (request_failed(request, result)) return;
    const struct consumer *consumer = request->consumer;
    const struct kc_description *now = result->description;
    must(now != NULL);
    struct out body = { 0 };
    writer_begin_object(&body);
    write_summary(&body, consumer->name, group_of(consumer), now->state, now);
    writer_member_string(&body, "reason", now->ready ? NULL : now->reason);
    writer_key(&body, "topics");
    writer_begin_array(&body);
    for (size_t i = 0; i < now->subscription_count; i++)
        writer_string(&body, now->subscription[i]);
    writer_end_array(&body);
    writer_member_string(&body, "pattern", now->subscription_pattern);
    write_config(&body, consumer->spec->config);
    writer_end_object(&body);
    request_answer_take(request, http_status, "application/json", &body);
}

static void describe(struct request *request, request_step *step) {
    must(step != NULL);
    request_wait(request, 1, step);
    kc_describe(request->consumer->kc, request_part(request, 0));
}

static void show_consumer(struct request *request) {
    answer_consumer(request, 200);
}

/// From here on the request is about the consumer that its path names. False when that was answered
/// with a problem.
static bool find_named(struct request *request) {
    struct problem problem;
    must(request->argument != NULL);
    if (addressee_find(request, request->argument, &problem)) return true;
    request_answer_problem(request, &problem);
    return false;
}

void handle_get_consumer(struct request *request) {
    if (find_named(request)) describe(request, show_consumer);
}

// ------------------------------------------------------------------------------------------------
// Making one

static void show_made(struct request *request) {
    char location[128];
    (void)snprintf(location, sizeof location, "/v1/consumers/%s", request->consumer->name);
    request->location = pool_string(&request->pool, location);
    answer_consumer(request, 201);
}

static void ignore(void *arg, const struct kc_result *result) {
    must(arg == NULL && result != NULL);
}

/// A consumer that cannot have its subscription is taken back.
static void subscribed(struct request *request) {
    const struct kc_result *result = request_result(request, 0);
    if (result->status == KC_OK) {
        describe(request, show_made);
        return;
    }
    const struct kc_close_options options = { .autocommit = false };
    registry_close(request->consumer, &options, (struct kc_call){ ignore, NULL, 0 });
    (void)request_failed(request, result);
}

static void begin_made(struct request *request) {
    const struct consumer_spec *spec = request->consumer->spec;
    struct kc_consumer *kc = request->consumer->kc;
    if (spec->pattern) {
        request_wait(request, 1, subscribed);
        kc_subscribe_pattern(kc, spec->pattern, request_part(request, 0));
    } else if (spec->topic_count > 0) {
        request_wait(request, 1, subscribed);
        kc_subscribe(kc, spec->topics, spec->topic_count, request_part(request, 0));
    } else {
        describe(request, show_made);
    }
}

/// From here on the request is about the consumer that it has made or found.
static void make(struct request *request, const struct consumer_spec *spec) {
    char error[KC_ERROR_BYTES] = "";
    struct registry *registry = request->service->consumers;
    struct consumer *consumer = NULL;
    struct problem problem;
    enum registry_wish wish = registry_make(registry, request->argument, spec, &consumer, error);
    if (consumer) {
        registry_unref(request->consumer);
        request->consumer = consumer;
    }
    switch (wish) {
    case REGISTRY_MADE: begin_made(request); return;
    case REGISTRY_SAME: describe(request, show_consumer); return;
    case REGISTRY_OTHER:
        request_refuse(
            request,
            PROBLEM_CONSUMER_EXISTS,
            "it was made of something else; GET shows what, and DELETE makes way for another"
        );
        return;
    case REGISTRY_CLOSING: request_refuse(request, PROBLEM_CONSUMER_CLOSING, NULL); return;
    case REGISTRY_FULL:
        request_refuse(request, PROBLEM_TOO_MANY_CONSUMERS, "consumers.max is reached");
        return;
    case REGISTRY_WRONG:
        problem = problem_of_status(KC_INVALID_CONFIG, 0, error);
        request_answer_problem(request, &problem);
        return;
    }
}

static void refuse_spec(struct request *request, enum spec_fault fault, const char *error) {
    must(fault != SPEC_GOOD);
    struct problem problem = fault == SPEC_UNKNOWN_KEY
                                 ? problem_of(PROBLEM_UNKNOWN_PARAMETER, error)
                                 : problem_of_status(KC_INVALID_CONFIG, 0, error);
    request_answer_problem(request, &problem);
}

/// The configured consumer can be neither made nor closed. True when it is the one.
static bool refuse_configured(struct request *request) {
    must(request->argument != NULL);
    if (strcmp(request->argument, REGISTRY_DEFAULT) != 0) return false;
    request->allow = "GET, HEAD, OPTIONS";
    request_refuse(request, PROBLEM_METHOD_NOT_ALLOWED, configured);
    return true;
}

static void make_from_body(struct request *request) {
    struct complaint complaint = { 0 };
    struct consumer_request wanted;
    struct consumer_spec spec;
    char error[SPEC_ERROR_BYTES] = "";
    struct kc_bytes body = { (const uint8_t *)request->body.data, request->body.size };
    if (!request_read_consumer(body, &request->pool, &wanted, &complaint)) {
        request_complain(request, &complaint);
        return;
    }
    enum spec_fault fault = spec_init(&spec, request->service->settings, &wanted, error);
    if (fault == SPEC_GOOD) {
        make(request, &spec);
    } else {
        refuse_spec(request, fault, error);
    }
    spec_dispose(&spec);
}

void handle_put_consumer(struct request *request) {
    if (refuse_configured(request)) return;
    if (!registry_is_name(request->argument)) {
        request_refuse(request, PROBLEM_INVALID_ARGUMENT, "name: " REGISTRY_NAMES);
    } else if (atomic_load(&request->service->is_draining)) {
        request_refuse(request, PROBLEM_SHUTTING_DOWN, NULL);
    } else if (request->body.size == 0) {
        request_refuse(
            request, PROBLEM_INVALID_ARGUMENT, "the body is missing: config, topics; {} will do"
        );
    } else {
        make_from_body(request);
    }
}

// ------------------------------------------------------------------------------------------------
// Closing one

static void closed(struct request *request) {
    if (request_failed(request, request_result(request, 0))) return;
    request_answer_empty(request, 204);
}

static bool read_farewell(
    const struct params *params, enum kc_farewell *farewell, struct complaint *complaint
) {
    static const char *const words[] = {
        [KC_FAREWELL_DEFAULT] = "default",
        [KC_FAREWELL_LEAVE] = "leave",
        [KC_FAREWELL_REMAIN] = "remain",
    };

    must(farewell != NULL);
    const char *word = params_find(params, "leave");
    if (!word) return true;
    for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(word, words[i]) != 0) continue;
        *farewell = (enum kc_farewell)i;
        return true;
    }
    return complain(complaint, "leave: '%.40s' is none of default, leave, remain", word);
}

void handle_delete_consumer(struct request *request) {
    if (refuse_configured(request)) return;
    struct complaint complaint = { 0 };
    struct kc_close_options options = { .autocommit = true };
    int64_t timeout_ms = 0;
    const struct params *params = &request->params;
    bool good = params_boolean(params, "autocommit", &options.autocommit, &complaint) &&
                read_farewell(params, &options.farewell, &complaint) &&
                params_integer(params, "timeout_ms", 1, LONGEST_CLOSE_MS, &timeout_ms, &complaint);
    if (!good) {
        request_complain(request, &complaint);
        return;
    }
    if (!find_named(request)) return;
    request_wait(request, 1, closed);
    struct kc_call call = request_part(request, 0);
    call.timeout_ms = (int32_t)timeout_ms;
    registry_close(request->consumer, &options, call);
}
