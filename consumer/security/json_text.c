// SPDX-License-Identifier: Apache-2.0
// Escapes what JSON (RFC 8259) wants escaped, and nothing else.
#include "consumer/security/json_text.h"

#include "consumer/base/must.h"
#include "consumer/security/secret.h"

#include <stdio.h>

void json_text_string(struct buf *json, struct slice text) {
    secret_reserve(json, text.size + 2);
    secret_append(json, "\"", 1);
    for (size_t i = 0; i < text.size; i++) {
        uint8_t byte = text.data[i];
        char escaped[8];
        int size = 1;
        if (byte < ' ') {
            size = snprintf(escaped, sizeof escaped, "\\u%04x", (unsigned)byte);
        } else if (byte == '"' || byte == '\\') {
            size = snprintf(escaped, sizeof escaped, "\\%c", (char)byte);
        } else {
            escaped[0] = (char)byte;
        }
        secret_append(json, escaped, (size_t)size);
    }
    secret_append(json, "\"", 1);
}

void json_text_member(struct buf *json, const char *name, struct slice value) {
    must(json->size > 0);
    if (json->data[json->size - 1] != '{') secret_append(json, ",", 1);
    json_text_string(json, slice_from_string(name));
    secret_append(json, ":", 1);
    json_text_string(json, value);
}
