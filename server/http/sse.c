// SPDX-License-Identifier: Apache-2.0
// JSON has no line end in it, hence an event is one line of data.
#include "server/http/sse.h"

#include "server/base/must.h"

#include <string.h>

void sse_write_retry(struct out *out, int64_t retry_ms) {
    must(retry_ms >= 0);
    out_format(out, "retry: %lld\n\n", (long long)retry_ms);
}

void sse_begin_event(struct out *out, const char *name) {
    if (name) out_format(out, "event: %s\n", name);
    OUT_LITERAL(out, "data: ");
}

void sse_end_event(struct out *out) {
    must(out->size > 0 && out->data[out->size - 1] != '\n');
    OUT_LITERAL(out, "\n\n");
}

void sse_write_event(struct out *out, int64_t id, const char *name, struct kc_bytes data) {
    must(data.size > 0 && !memchr(data.data, '\n', data.size));
    out_format(out, "id: %lld\n", (long long)id);
    sse_begin_event(out, name);
    out_append(out, data.data, data.size);
    sse_end_event(out);
}

void sse_write_comment(struct out *out, const char *text) {
    must(!strchr(text, '\n'));
    out_format(out, ": %s\n\n", text);
}
