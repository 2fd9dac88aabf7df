// SPDX-License-Identifier: Apache-2.0
// Whom a call is about. On the HTTP thread.
#pragma once

#include "server/http/request.h"

#include <stdbool.h>

/// Looks for the consumer of that name, for the request to use in place of the one that it used.
/// False with a problem, whose detail may be borrowed from `name`, when there is none.
bool addressee_find(struct request *request, const char *name, struct problem *problem);
