// SPDX-License-Identifier: Apache-2.0
// Fetch is the API that has changed most often.
#include "consumer/cluster/release.h"

#include "consumer/base/must.h"

#include <stddef.h>

const char *release_of_fetch(int16_t newest_version) {
    static const struct {
        int16_t newest_version;
        const char *releases;
    } rows[] = {
        { 4, "0.11" },          { 5, "0.11" },        { 6, "1.0" },         { 7, "1.1" },
        { 8, "2.0" },           { 10, "2.1 or 2.2" }, { 11, "2.3 to 2.6" }, { 12, "2.7 to 3.0" },
        { 13, "3.1 to 3.4" },   { 15, "3.5 or 3.6" }, { 16, "3.7 or 3.8" }, { 17, "3.9 or 4.0" },
        { 18, "4.1 or later" },
    };

    enum { ROWS = sizeof rows / sizeof rows[0] };

    must(rows[ROWS - 1].releases != NULL);
    if (newest_version > rows[ROWS - 1].newest_version) return rows[ROWS - 1].releases;
    for (size_t i = 0; i < ROWS; i++) {
        if (rows[i].newest_version == newest_version) return rows[i].releases;
    }
    return NULL;
}
