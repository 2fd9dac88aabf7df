// SPDX-License-Identifier: Apache-2.0
// Codes are dense from -1 on, so the table is its own index (checked at compile time).
#include "consumer/wire/kafka_error.h"

#include "consumer/base/must.h"

#include <stddef.h>

#define KAFKA_ERROR_ROW(row_name, row_code, row_retriable, row_refresh) \
    [(row_code) + 1] = { .code = (row_code),                            \
                         .name = #row_name,                             \
                         .retriable = (row_retriable),                  \
                         .refresh = (row_refresh) },

static const struct kafka_error errors[] = { KAFKA_ERROR_LIST(KAFKA_ERROR_ROW) };

// The codes counted, beside the largest.
enum {

#define KAFKA_ERROR_COUNT(name, code, retriable, refresh) COUNTED_##name,
    KAFKA_ERROR_LIST(KAFKA_ERROR_COUNT) ERROR_COUNT,
    LAST_CODE = ERROR_COUNT - 2
};

_Static_assert(sizeof errors / sizeof errors[0] == ERROR_COUNT, "the codes have a gap");

const struct kafka_error *kafka_error_find(int16_t code) {
    if (code < -1 || code > LAST_CODE) code = ERROR_UNKNOWN_SERVER_ERROR;
    const struct kafka_error *error = &errors[code + 1];
    must(error->name != NULL && error->code == code);
    return error;
}

const char *kafka_error_name(int16_t code) {
    return kafka_error_find(code)->name;
}
