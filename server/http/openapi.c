// SPDX-License-Identifier: Apache-2.0
// The assembler puts the file's bytes into the read-only data. Paths are from the root of the
// project, where the compiler runs.
#include "server/http/openapi.h"

#include "server/base/must.h"

__asm__(".section .rodata\n"
        ".hidden openapi_begin\n"
        ".hidden openapi_end\n"
        ".global openapi_begin\n"
        ".global openapi_end\n"
        "openapi_begin:\n"
        ".incbin \"proto/openapi.json\"\n"
        "openapi_end:\n"
        ".byte 0\n"
        ".previous\n");

extern const char openapi_begin[];
extern const char openapi_end[];

const char *openapi_document(size_t *size) {
    const char *begin = openapi_begin;
    const char *end = openapi_end;
    must(end > begin);
    *size = (size_t)(end - begin);
    return begin;
}
