// SPDX-License-Identifier: Apache-2.0
// libFuzzer: any bytes as any message in any version. What is decoded must be encoded, and what is
// encoded must be decoded to the same message; memory stays in proportion to the bytes.
#include "consumer/base/must.h"
#include "consumer/wire/field.h"
#include "consumer/wire/reader.h"
#include "consumer/wire/schema.h"
#include "tests/unit/wire/catalog.h"
#include "tests/unit/wire/sample.h"

enum { MOST_BYTES_FOR_ONE = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_message(
    struct catalog_entry entry, int16_t version, const union catalog_message *message
) {
    struct buf encoded = { 0 };
    struct arena arena = { 0 };
    union catalog_message again;
    must(schema_encode(entry.schema, version, message, &encoded) == STATUS_OK);
    struct reader reader = reader_over(buf_slice(&encoded));
    must(schema_decode(entry.schema, version, &reader, &arena, &again) == STATUS_OK);
    must(reader_left(&reader) == 0);
    must(sample_equal(entry.schema, message, &again));
    buf_clear(&encoded);
    schema_print(entry.schema, version, message, &encoded);
    buf_dispose(&encoded);
    arena_dispose(&arena);
}

// The first byte chooses the message, the second the version.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2) return 0;
    struct catalog_entry entry = catalog_at(data[0] % catalog_size());
    int versions = entry.max_version - entry.min_version + 1;
    int16_t version = (int16_t)(entry.min_version + data[1] % versions);
    if (!catalog_has(entry, version)) return 0;
    struct reader reader = reader_over((struct slice){ data + 2, size - 2 });
    struct arena arena = { 0 };
    union catalog_message message;
    enum status status = schema_decode(entry.schema, version, &reader, &arena, &message);
    must(status == STATUS_OK || status == STATUS_INVALID_FRAME);
    must(arena.used <= size * MOST_BYTES_FOR_ONE);
    if (status == STATUS_OK) check_message(entry, version, &message);
    arena_dispose(&arena);
    return 0;
}
