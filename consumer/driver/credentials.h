// SPDX-License-Identifier: Apache-2.0
// Keeps what one consumer's connections are secured with up to date: reads files, references and
// tokens off the engine thread, again and again, and hands over a new snapshot when something has
// changed. Engine thread, but where it says otherwise.
#pragma once

#include "consumer/driver/secrets.h"

struct log;
struct security;
struct uv_loop_s;

/// Of one consumer.
struct credentials;

/// Whom to tell. All are called on the engine thread.
struct credentials_listener {
    /// A snapshot to use from now on; the listener owns it.
    void (*on_security_take)(void *arg, struct security *security);
    /// Why no newer snapshot can be made, a sentence without secrets; "": it is over.
    void (*on_trouble)(void *arg, const char *why);
    void (*on_closed)(void *arg); ///< frees nothing by itself
    void *arg;
};

/// Reads for the first time; NULL with a sentence when something is wrong. Any thread that may
/// block. The caller starts it or frees it.
struct credentials *credentials_new(const struct options *options, char error[SECRETS_ERROR_BYTES]);

/// Hands over the first snapshot, from inside if there is one already, and begins to look for
/// newer ones. `log` is borrowed.
void credentials_start(
    struct credentials *credentials,
    struct uv_loop_s *loop,
    const struct log *log,
    struct credentials_listener listener
);

/// Looks now.
void credentials_refresh(struct credentials *credentials);

/// Ends what was started; on_closed() comes when nothing is under way any more, never from inside.
void credentials_close(struct credentials *credentials);

/// Overwrites and frees it: closed, or never started. Any thread. NULL is fine.
void credentials_free(struct credentials *credentials);
