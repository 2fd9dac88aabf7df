// SPDX-License-Identifier: Apache-2.0
// The text of server-sent events (WHATWG HTML, section 9.2), for whoever streams them. Values
// without threads.
#pragma once

#include "consumer/consumer.h"
#include "server/base/out.h"

#include <stdint.h>

/// What keeps a line alive: a comment, which clients pass over.
#define SSE_KEEPALIVE ": alive\n\n"

/// Tells clients how long to wait before they connect again.
void sse_write_retry(struct out *out, int64_t retry_ms);

/// Begins an event with its name (NULL: none, which clients take for "message"); one line of data
/// and sse_end_event() must follow. The caller may write an id of its own before.
void sse_begin_event(struct out *out, const char *name);

/// Ends the event.
void sse_end_event(struct out *out);

/// Writes a whole event whose id is a number. `data` has no line end in it.
void sse_write_event(struct out *out, int64_t id, const char *name, struct kc_bytes data);

/// Writes a comment of one line.
void sse_write_comment(struct out *out, const char *text);
