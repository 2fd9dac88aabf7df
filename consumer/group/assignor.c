// SPDX-License-Identifier: Apache-2.0
// The list of assignors.
#include "consumer/group/assignor.h"

#include "consumer/base/must.h"
#include "consumer/group/assignor_range.h"
#include "consumer/group/assignor_round_robin.h"

#include <string.h>

const struct assignor *assignor_find(const char *name) {
    must(name);
    static const struct assignor *const all[] = { &assignor_range, &assignor_round_robin };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (strcmp(all[i]->name, name) == 0) return all[i];
    }
    return NULL;
}
