// SPDX-License-Identifier: Apache-2.0
// A look is a unit of work for libuv's threads; at most one is under way. While it is, the fields
// "of looks" are the working thread's, else the engine thread's. A look that fetches a token may
// take as long as sasl.login.connect.timeout.ms and sasl.login.read.timeout.ms together.
#include "consumer/driver/credentials.h"

#include "consumer/base/clock.h"
#include "consumer/base/log.h"
#include "consumer/base/must.h"
#include "consumer/driver/issued.h"
#include "consumer/driver/snapshot.h"
#include "consumer/security/tls_context.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

// What is overdue could not even be tried for: a file that comes first cannot be read.
enum { OVERDUE_WAIT_MS = 1000 };

enum { HOUR_MS = 3600000, WARN_BEFORE_MS = 7 * 24 * HOUR_MS };

struct credentials {
    struct options options;
    const struct log *log;
    struct credentials_listener listener;
    uv_loop_t *loop;
    uv_timer_t timer;
    uv_work_t work;
    bool is_working;
    bool is_wanted_again;   // asked for while a look was under way
    atomic_bool is_closing; // read by looks
    bool is_timer_open;
    char trouble[SECRETS_ERROR_BYTES]; // what the listener was told last

    // of looks
    struct secrets secrets;    // that the newest snapshot is made of
    struct issued issued;      // for a time
    struct security *security; // new, to be handed over
    char error[SECRETS_ERROR_BYTES];
};

/// One look.
struct look {
    struct secrets secrets;
    struct sasl_plan plan;
    bool is_changed; ///< the secrets are not those of the newest snapshot
    bool is_renewed; ///< what is issued for a time is
};

// Has what is issued for a time issued anew if it is due. What is there is good until its end.
static bool renew(struct credentials *credentials, struct look *look) {
    struct issued *issued = &credentials->issued;
    int64_t wall_ms = clock_wall_ms();
    if (!look->is_changed && wall_ms < issued->due_at_ms) return true;
    int64_t version = issued->version;
    bool is_issued = issued_renew(
        issued, &look->plan, &credentials->options, &look->secrets, wall_ms, credentials->error
    );
    look->is_renewed = issued->version != version;
    return is_issued || issued_is_good(issued, wall_ms);
}

static bool is_with_sasl(const struct credentials *credentials) {
    return security_has_sasl(secrets_protocol(&credentials->options));
}

static void make_snapshot(struct credentials *credentials, struct look *look) {
    struct sasl_options *sasl = is_with_sasl(credentials) ? &look->plan.sasl : NULL;
    must(!credentials->security);
    if (sasl) {
        const struct issued *issued = &credentials->issued;
        if (issued->token) sasl->token = issued->token;
        sasl->aws.access_key_id = issued->aws.access_key_id;
        sasl->aws.secret_access_key = issued->aws.secret_access_key;
        sasl->aws.session_token = issued->aws.session_token;
    }
    credentials->security =
        snapshot_new(&credentials->options, &look->secrets, sasl, credentials->error);
    if (!credentials->security) return;
    secrets_dispose(&credentials->secrets);
    credentials->secrets = look->secrets;
    look->secrets = (struct secrets){ 0 };
}

// Reads everything, and makes a snapshot if it is new. What has to be fetched is not at the first
// look, which somebody waits for.
static void look_at_all(struct credentials *credentials, bool is_first) {
    struct look look = { 0 };
    char *error = credentials->error;
    error[0] = '\0';
    bool is_good = secrets_read(&look.secrets, &credentials->options, error);
    look.is_changed = is_good && !secrets_equal(&look.secrets, &credentials->secrets);
    if (is_good && is_with_sasl(credentials)) {
        is_good = sasl_plan_make(&look.plan, &credentials->options, &look.secrets, error);
    }
    bool is_needed = is_good && issued_is_needed(&look.plan);
    if (is_needed && is_first && look.plan.source != TOKEN_MADE) {
        (void)snapshot_check_tls(&credentials->options, &look.secrets, error);
        is_good = false;
    } else if (is_needed) {
        is_good = renew(credentials, &look);
    }
    if (is_good && (look.is_changed || look.is_renewed)) make_snapshot(credentials, &look);
    sasl_plan_dispose(&look.plan);
    secrets_dispose(&look.secrets);
}

static bool is_closing(const void *arg) {
    const struct credentials *credentials = arg;
    return atomic_load(&credentials->is_closing);
}

struct credentials *credentials_new(
    const struct options *options, char error[SECRETS_ERROR_BYTES]
) {
    struct credentials *credentials = must_alloc(sizeof *credentials);
    atomic_init(&credentials->is_closing, false);
    credentials->issued.stop = (struct https_stop){ is_closing, credentials };
    options_copy(&credentials->options, options);
    look_at_all(credentials, true);
    if (!credentials->error[0]) return credentials;
    memcpy(error, credentials->error, sizeof credentials->error);
    credentials_free(credentials);
    return NULL;
}

void credentials_free(struct credentials *credentials) {
    if (!credentials) return;
    must(!credentials->is_working && !credentials->is_timer_open);
    security_unref(credentials->security);
    issued_dispose(&credentials->issued);
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
    int64_t wait_ms = options_number(&credentials->options, OPTION_CREDENTIALS_REFRESH_INTERVAL_MS);
    if (credentials->issued.due_at_ms > 0) {
        int64_t left_ms = credentials->issued.due_at_ms - clock_wall_ms();
        if (left_ms <= 0) left_ms = OVERDUE_WAIT_MS;
        if (left_ms < wait_ms) wait_ms = left_ms;
    }
    uv_update_time(credentials->loop);
    int failed = uv_timer_start(&credentials->timer, on_timer, (uint64_t)wait_ms, 0);
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

// A client's certificate is renewed by others: they may have forgotten it.
static void warn_of_expiry(const struct credentials *credentials) {
    const struct tls_context *tls = credentials->security->tls;
    int64_t expires_at_ms = tls ? tls_context_expires_at_ms(tls) : 0;
    if (expires_at_ms == 0) return;
    int64_t left_ms = expires_at_ms - clock_wall_ms();
    if (left_ms > WARN_BEFORE_MS) return;
    log_warn(
        credentials->log,
        "certificate",
        left_ms > 0 ? "about_to_expire" : "expired",
        "left_hours=%lld",
        (long long)(left_ms / HOUR_MS)
    );
}

static void hand_over(struct credentials *credentials) {
    struct security *security = credentials->security;
    if (!security) return;
    warn_of_expiry(credentials);
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
    look_at_all(work->data, false);
}

static void on_work_done(uv_work_t *work, int status) {
    struct credentials *credentials = work->data;
    must(status == 0);
    credentials->is_working = false;
    if (atomic_load(&credentials->is_closing)) {
        close_timer(credentials);
        return;
    }
    if (credentials->security) log_info(credentials->log, "credentials", "renewed", "%s", "");
    // A snapshot ends the trouble that was told, but not one that it was made with.
    if (!credentials->error[0]) tell_trouble(credentials);
    hand_over(credentials);
    tell_trouble(credentials);
    bool is_wanted_again = credentials->is_wanted_again;
    credentials->is_wanted_again = false;
    if (is_wanted_again) {
        credentials_refresh(credentials);
    } else {
        wait_for_next(credentials);
    }
}

static void warn_of_unverified_host(const struct credentials *credentials) {
    const enum option_name name = OPTION_SSL_ENDPOINT_IDENTIFICATION_ALGORITHM;
    bool is_verified = snapshot_verifies_host(options_given(&credentials->options, name));
    if (is_verified || !security_has_tls(secrets_protocol(&credentials->options))) return;
    log_warn(
        credentials->log,
        "security",
        "weakened",
        "why=\"%s is off: a certificate of any host will do\"",
        options_row(name)->key
    );
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
    warn_of_unverified_host(credentials);
    if (credentials->security) {
        hand_over(credentials);
        wait_for_next(credentials);
    } else {
        credentials_refresh(credentials);
    }
}

void credentials_refresh(struct credentials *credentials) {
    if (atomic_load(&credentials->is_closing)) return;
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
    must(credentials->is_timer_open && !atomic_load(&credentials->is_closing));
    atomic_store(&credentials->is_closing, true);
    (void)uv_timer_stop(&credentials->timer);
    if (!credentials->is_working) close_timer(credentials);
}
