// SPDX-License-Identifier: Apache-2.0
// Refusals count for the snapshot that was refused alone: the answer to an older one says nothing
// of the newest.
#include "consumer/net/login.h"

#include "consumer/base/must.h"
#include "consumer/base/random.h"
#include "consumer/security/security.h"

#include <stdio.h>

void login_init(struct login *login, const struct login_settings *settings) {
    must(settings->backoff_ms > 0 && settings->backoff_max_ms >= settings->backoff_ms);
    *login = (struct login){ .settings = *settings };
}

void login_dispose(struct login *login) {
    security_unref(login->security);
    login->security = NULL;
}

void login_set_security_take(struct login *login, struct security *security) {
    must(security != NULL);
    security_unref(login->security);
    login->security = security;
    login->version++;
    login->refusals = 0;
    login->retry_at_ms = 0;
    login->trial = NULL;
    login->trouble[0] = '\0';
}

void login_begin_trial(struct login *login, const void *who) {
    must(who != NULL && !login->trial);
    if (login->refusals > 0) login->trial = who;
}

void login_end_trial(struct login *login, const void *who) {
    must(who != NULL);
    if (login->trial == who) login->trial = NULL;
}

void login_set_trouble(struct login *login, const char *why) {
    must(why != NULL);
    (void)snprintf(login->trouble, sizeof login->trouble, "%s", why);
}

bool login_is_ready(const struct login *login) {
    return login->security || !login->settings.is_secured;
}

void login_on_refused(struct login *login, int64_t version, struct random *random, int64_t now_ms) {
    must(version <= login->version);
    login->figures.refusals++;
    if (version != login->version || now_ms < login->retry_at_ms) return;
    login->refusals++;
    login->retry_at_ms =
        now_ms +
        random_backoff_ms(
            random, login->settings.backoff_ms, login->settings.backoff_max_ms, login->refusals
        );
}

void login_on_accepted(struct login *login, int64_t version) {
    must(version <= login->version);
    login->figures.authentications++;
    if (version != login->version) return;
    login->refusals = 0;
    login->retry_at_ms = 0;
    login->trial = NULL;
}
