// SPDX-License-Identifier: Apache-2.0
// A command of the library that the calling thread waits for: for main's thread, where there is
// nothing else to do.
#pragma once

#include "consumer/consumer.h"

/// One command under way, or its result.
struct waiting;

/// Ready for a command; the caller frees it.
struct waiting *waiting_new(void);

/// How the command is to complete. To be given to one command.
struct kc_call waiting_call(struct waiting *waiting, int32_t timeout_ms);

/// Waits until the command is complete. The result is a copy that lives as long as the waiting.
const struct kc_result *waiting_end(struct waiting *waiting);

/// Frees it with its result. The command must be complete. NULL is fine.
void waiting_free(struct waiting *waiting);
