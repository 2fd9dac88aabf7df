// SPDX-License-Identifier: Apache-2.0
// How many connections each client has open: by its address, or over a Unix socket by its process.
// One thread at a time.
#pragma once

#include <stdint.h>

struct peer;

/// The counts.
struct clients;

/// Nobody is connected. The caller frees it.
struct clients *clients_new(void);

/// Frees it; nobody is connected any more. NULL is fine.
void clients_free(struct clients *clients);

/// Counts one more connection of this client; returns how many it has now.
int64_t clients_add(struct clients *clients, const struct peer *peer);

/// Counts one less.
void clients_remove(struct clients *clients, const struct peer *peer);
