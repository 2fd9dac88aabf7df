// SPDX-License-Identifier: Apache-2.0
// A look is a unit of work for libuv's threads; at most one is under way. While it is, the fields
// "of looks" are the working thread's, else the engine thread's.
#include "consumer/driver/credentials.h"

#include "consumer/base/log.h"
#include "consumer/base/must.h"
#include "consumer/driver/snapshot.h"
#include "consumer/security/security.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>

struct credentials {
    struct options options;
    const struct log *log;
    struct credentials_listener listener;
    uv_loop_t *loop;
    uv_timer_t timer;
    uv_work_t work;
    bool is_working;
    bool is_wanted_again; // asked for while a look was under way
    bool is_closing;
    bool is_timer_open;
    char trouble[SECRETS_ERROR_BYTES]; // what the listener was told last

    // of looks
    struct secrets secrets;    // that the newest snapshot is made of
    struct security *security; // new, to be handed over
    char error[SECRETS_ERROR_BYTES];
};

// Reads everything, and makes a snapshot if it is new.
static void look(struct credentials *credentials) {
    struct secrets secrets = { 0 };
    must(!credentials->security);
    credentials->error[0] = '\0';
    bool is_read = secrets_read(&secrets, &credentials->options, credentials->error);
    if (is_read && !secrets_equal(&secrets, &credentials->secrets)) {
        credentials->security = snapshot_new(&credentials->options, &secrets, credentials->error);
    }
    if (credentials->security) {
        secrets_dispose(&credentials->secrets);
        credentials->secrets = secrets;
    } else {
        secrets_dispose(&secrets);
    }
}

struct credentials *credentials_new(
    const struct options *options, char error[SECRETS_ERROR_BYTES]
) {
    struct credentials *credentials = must_alloc(sizeof *credentials);
    options_copy(&credentials->options, options);
    look(credentials);
    if (!credentials->error[0]) return credentials;
    memcpy(error, credentials->error, sizeof credentials->error);
    credentials_free(credentials);
    return NULL;
}

void credentials_free(struct credentials *credentials) {
    if (!credentials) return;
    must(!credentials->is_working && !credentials->is_timer_open);
    security_unref(credentials->security);
    secrets_dispose(&credentials->secrets);
    options_dispose(&credentials->options);
    free(credentials);
}

// ------------------------------------------------------------------------------------------------
// Engine thread

static void on_timer(uv_timer_t *timer) {
    credentials_refresh(timer->data);
}

static void wait_for_next(struct credentials *credentials) {
    int64_t interval_ms =
        options_number(&credentials->options, OPTION_CREDENTIALS_REFRESH_INTERVAL_MS);
    uv_update_time(credentials->loop);
    int failed = uv_timer_start(&credentials->timer, on_timer, (uint64_t)interval_ms, 0);
    must(failed == 0);
}

// One line and one call for each thing that is wrong, and for its end.
static void tell_trouble(struct credentials *credentials) {
    if (strcmp(credentials->trouble, credentials->error) == 0) return;
    memcpy(credentials->trouble, credentials->error, sizeof credentials->trouble);
    if (credentials->error[0]) {
        log_warn(credentials->log, "credentials", "not_read", "why=\"%s\"", credentials->error);
    } else {
        log_info(credentials->log, "credentials", "readable_again", "%s", "");
    }
    credentials->listener.on_trouble(credentials->listener.arg, credentials->trouble);
}

static void hand_over(struct credentials *credentials) {
    struct security *security = credentials->security;
    if (!security) return;
    credentials->security = NULL;
    credentials->listener.on_security_take(credentials->listener.arg, security);
}

static void on_timer_closed(uv_handle_t *timer) {
    struct credentials *credentials = timer->data;
    credentials->is_timer_open = false;
    credentials->listener.on_closed(credentials->listener.arg);
}

static void close_timer(struct credentials *credentials) {
    uv_close((uv_handle_t *)&credentials->timer, on_timer_closed);
}

static void on_work(uv_work_t *work) {
    look(work->data);
}

static void on_work_done(uv_work_t *work, int status) {
    struct credentials *credentials = work->data;
    must(status == 0);
    credentials->is_working = false;
    if (credentials->is_closing) {
        close_timer(credentials);
        return;
    }
    if (credentials->security) log_info(credentials->log, "credentials", "renewed", "%s", "");
    tell_trouble(credentials);
    hand_over(credentials);
    bool is_wanted_again = credentials->is_wanted_again;
    credentials->is_wanted_again = false;
    if (is_wanted_again) {
        credentials_refresh(credentials);
    } else {
        wait_for_next(credentials);
    }
}

void credentials_start(
    struct credentials *credentials,
    uv_loop_t *loop,
    const struct log *log,
    struct credentials_listener listener
) {
    must(!credentials->is_timer_open);
    credentials->loop = loop;
    credentials->log = log;
    credentials->listener = listener;
    int failed = uv_timer_init(loop, &credentials->timer);
    must(failed == 0);
    credentials->is_timer_open = true;
    credentials->timer.data = credentials;
    credentials->work.data = credentials;
    hand_over(credentials);
    wait_for_next(credentials);
}

void credentials_refresh(struct credentials *credentials) {
    if (credentials->is_closing) return;
    if (credentials->is_working) {
        credentials->is_wanted_again = true;
        return;
    }
    credentials->is_working = true;
    (void)uv_timer_stop(&credentials->timer);
    int failed = uv_queue_work(credentials->loop, &credentials->work, on_work, on_work_done);
    must(failed == 0);
}

void credentials_close(struct credentials *credentials) {
    must(credentials->is_timer_open && !credentials->is_closing);
    credentials->is_closing = true;
    (void)uv_timer_stop(&credentials->timer);
    if (!credentials->is_working) close_timer(credentials);
}
