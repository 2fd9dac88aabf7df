// SPDX-License-Identifier: Apache-2.0
// What the connections of one consumer are secured with, and what came of it: a refusal of the
// credentials holds up all of them, so that an account is not locked by many connections that try
// the same password. Engine thread.
#pragma once

#include "consumer/base/status.h"

#include <stdbool.h>
#include <stdint.h>

struct random;
struct security;

enum { LOGIN_WHY_BYTES = 400 };

/// How long refused credentials, and a broker that TLS has refused, are left alone: doubled with
/// each refusal.
struct login_settings {
    bool is_secured; ///< security.protocol is not PLAINTEXT: nothing is dialed without a snapshot
    int64_t backoff_ms;
    int64_t backoff_max_ms;
};

/// How often things happened, for metrics.
struct login_figures {
    uint64_t handshakes;         ///< of TLS, completed
    uint64_t resumed_handshakes; ///< of those, with a session of before
    uint64_t tls_failures;
    uint64_t authentications;   ///< completed, the repeated ones included
    uint64_t reauthentications; ///< of those, the repeated ones (KIP-368)
    uint64_t refusals;          ///< of credentials
};

/// The logins of one consumer. Read by its connections, which tell what came of each.
struct login {
    struct login_settings settings;
    struct security *security; ///< the newest snapshot, held; NULL: PLAINTEXT, or none has come yet
    int64_t version;           ///< counts snapshots
    int64_t wall_offset_ms;    ///< what the clock on the wall is ahead of the engine's
    int refusals;              ///< of the newest snapshot's credentials, in a row
    int64_t retry_at_ms;       ///< not to be tried before
    const void *trial;         ///< who tries what was refused once more; NULL: nobody
    char trouble[LOGIN_WHY_BYTES]; ///< why there is no newer snapshot; "": nothing is wrong
    struct login_figures figures;
};

/// No snapshot yet.
void login_init(struct login *login, const struct login_settings *settings);

/// Gives the snapshot back.
void login_dispose(struct login *login);

/// A snapshot to use from now on, for new connections and repeated authentications. Refusals of the
/// one before are forgotten.
void login_set_security_take(struct login *login, struct security *security);

/// Why no (newer) snapshot could be made; "" when nothing is wrong any more.
void login_set_trouble(struct login *login, const char *why);

/// `who`, a connection, is about to be made. What was refused is tried by one at a time, until
/// login_end_trial() or an answer.
void login_begin_trial(struct login *login, const void *who);

/// `who` is no connection any more.
void login_end_trial(struct login *login, const void *who);

/// True when connections can be made: nothing is awaited.
bool login_is_ready(const struct login *login);

/// The broker refused the credentials of snapshot `version`. Refusals before the next try was due
/// are of the same time, and count once.
void login_on_refused(struct login *login, int64_t version, struct random *random, int64_t now_ms);

/// The broker took the credentials of snapshot `version`.
void login_on_accepted(struct login *login, int64_t version);
