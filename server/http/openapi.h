// SPDX-License-Identifier: Apache-2.0
// The API's own document, proto/openapi.json, inside the program. Static.
#pragma once

#include <stddef.h>

/// The document's bytes, and how many.
const char *openapi_document(size_t *size);
