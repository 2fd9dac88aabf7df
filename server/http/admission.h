// SPDX-License-Identifier: Apache-2.0
// The header Consumer-Session of a request, and what it means for the call: on it goes, after the
// session has changed if need be, or it is refused. On the HTTP thread.
#pragma once

#include "server/http/request.h"

#include <stdbool.h>

/// Reads the session that the request's head names, if its call is one of a consumer. False with a
/// complaint.
bool admission_read(struct request *request, struct complaint *complaint);

/// True when the call may go on. Else it has been answered, or waits, and then begins `again`,
/// which must call this again.
bool admission_passes(struct request *request, request_step *again);

/// Whether the session of an admitted request has been fenced meanwhile. For steps behind which
/// records would be taken.
bool admission_is_over(const struct request *request);

/// Answers that the request's session is fenced.
void admission_refuse(struct request *request);
