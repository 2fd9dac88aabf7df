// SPDX-License-Identifier: Apache-2.0
// A line in which each fault waits for the first request that it concerns.
#include "tests/fake_kafka/fake_fault.h"

#include "consumer/base/must.h"

#include <stdlib.h>
#include <string.h>

void fake_faults_add(struct fake_faults *faults, const struct fake_fault *fault) {
    faults->faults = must_realloc(faults->faults, (faults->count + 1) * sizeof *faults->faults);
    faults->faults[faults->count] = *fault;
    if (fault->times == 0) faults->faults[faults->count].times = 1;
    faults->count++;
}

static bool concerns(const struct fake_fault *fault, enum api_key api, int32_t broker) {
    return fault->api == api && (fault->broker == FAKE_ANY_BROKER || fault->broker == broker);
}

static void spend(struct fake_faults *faults, size_t index) {
    struct fake_fault *fault = &faults->faults[index];
    if (fault->times == FAKE_FOR_EVER || --fault->times > 0) return;
    faults->count--;
    memmove(fault, fault + 1, (faults->count - index) * sizeof *fault);
}

bool fake_faults_take(
    struct fake_faults *faults, enum api_key api, int32_t broker, struct fake_fault *fault
) {
    must(fault != NULL);
    for (size_t i = 0; i < faults->count; i++) {
        if (!concerns(&faults->faults[i], api, broker)) continue;
        *fault = faults->faults[i];
        spend(faults, i);
        return true;
    }
    return false;
}

void fake_faults_clear(struct fake_faults *faults) {
    free(faults->faults);
    *faults = (struct fake_faults){ 0 };
}
