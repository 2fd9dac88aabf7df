// SPDX-License-Identifier: Apache-2.0
// The failure path of must() and memory that is never refused: nothing else in the server aborts.
#include "server/base/must.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void must_stop(const char *condition, const char *file, int line) {
    (void)fprintf(stderr, "%s:%d: internal error: %s does not hold\n", file, line, condition);
    abort();
}

void *must_have(size_t size) {
    void *memory = calloc(1, size ? size : 1);
    must(memory != NULL);
    return memory;
}

void *must_grow(void *old, size_t size) {
    void *memory = realloc(old, size ? size : 1);
    must(memory != NULL);
    return memory;
}

char *must_copy(const char *text) {
    if (!text) return NULL;
    char *copy = strdup(text);
    must(copy != NULL);
    return copy;
}
