// SPDX-License-Identifier: Apache-2.0
// One engine on the loop, with its timer: for the files of this folder. Engine thread, but where it
// says otherwise.
#pragma once

#include "consumer/engine/engine.h"

#include <stdatomic.h>
#include <uv.h>

struct credentials;

/// One engine.
struct host {
    struct host *prev; ///< utlist, in the loop's list
    struct host *next;
    struct loop *loop;
    struct engine *engine;
    uv_timer_t timer;
    struct credentials *credentials; ///< NULL: security.protocol is PLAINTEXT
    int open_parts;                  ///< timer and credentials: it goes when both are closed
    atomic_bool is_woken;            ///< set by any thread
    bool is_running;                 ///< inside host_run()
};

/// Steps the engine until it waits for something, does what its connections want, and sets the
/// timer.
void host_run(struct host *host);

/// The libuv loop of a host.
uv_loop_t *host_uv(struct host *host);
