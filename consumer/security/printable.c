// SPDX-License-Identifier: Apache-2.0
// One character for one byte.
#include "consumer/security/printable.h"

#include "consumer/base/must.h"

void printable_copy(const char *from, char *text, size_t size) {
    must(size > 0);
    size_t used = 0;
    for (; from && *from && used + 1 < size; from++) {
        char c = *from;
        if (c < ' ' || c > '~') c = '?';
        text[used++] = c;
    }
    text[used] = '\0';
}
