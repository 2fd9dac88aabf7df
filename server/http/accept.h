// SPDX-License-Identifier: Apache-2.0
// Lists with weights: which media types a client wants, and the weight of any name. Values without
// threads.
#pragma once

#include <stdbool.h>

/// Reads an Accept header (NULL: none) for one of two media types. The first wins a tie. False when
/// neither is accepted.
bool accept_chooses(const char *accept, const char *first, const char *second, bool *is_second);

/// True when an Accept header (NULL: none) covers a media type.
bool accept_allows(const char *accept, const char *type);

/// The weight of a name in a list such as "gzip;q=0.5, *;q=0", in thousandths; -1 when it is not in
/// it.
int accept_weight(const char *list, const char *name);
