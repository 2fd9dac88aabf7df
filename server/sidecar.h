// SPDX-License-Identifier: Apache-2.0
// The whole process but for main(): the consumer and its listeners, from start to stop. Called by
// one thread.
#pragma once

#include "server/settings.h"

/// A running sidecar.
struct sidecar;

/// Starts the consumer and listens; joining the group goes on in the background. `settings` must
/// outlive it. NULL with a sentence in `error`.
struct sidecar *sidecar_start(const struct settings *settings, char error[SETTINGS_ERROR_BYTES]);

/// Reads again what can be read again while it runs: tokens, certificates.
void sidecar_reload(struct sidecar *sidecar);

/// Switches debug lines of the log on, or off again.
void sidecar_toggle_debug(struct sidecar *sidecar);

/// Stops in order: polls end, other calls go on while clients are connected and shutdown.grace.ms
/// is not over; then the consumer commits if it does so by itself and leaves its group; then all is
/// freed. Bounded in time.
void sidecar_stop(struct sidecar *sidecar);

/// The port of the API; 0 for a Unix socket.
unsigned sidecar_port(const struct sidecar *sidecar);

/// The port of the management listener; 0 when there is none.
unsigned sidecar_management_port(const struct sidecar *sidecar);
