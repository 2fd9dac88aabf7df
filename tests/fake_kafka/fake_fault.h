// SPDX-License-Identifier: Apache-2.0
// Faults in line: "the next answer to this API, of this broker, is…". One thread at a time.
#pragma once

#include "consumer/base/arena.h"
#include "consumer/base/bytes.h"
#include "consumer/wire/api.h"

#include <stdbool.h>
#include <stdint.h>

enum { FAKE_ANY_BROKER = -1, FAKE_FOR_EVER = -1 };

/// What is wrong with an answer.
enum fake_fault_kind {
    FAKE_FAULT_ERROR,             ///< `code` in place of what was asked, at the highest level that
                                  ///< the API has; nothing is done
    FAKE_FAULT_PARTITION_ERROR,   ///< `code` for the partition `topic`-`partition`, or for all when
                                  ///< `topic` is NULL; nothing is done for these
    FAKE_FAULT_EDIT,              ///< the right answer, changed by `edit` before it is encoded
    FAKE_FAULT_DELAY,             ///< the right answer, `number` ms later
    FAKE_FAULT_CUT,               ///< the first `number` bytes of the right answer, then the end
    FAKE_FAULT_BYTES,             ///< `bytes` in place of the answer
    FAKE_FAULT_WRONG_CORRELATION, ///< the right answer, as if to another request
    FAKE_FAULT_THROTTLE,          ///< the right answer, with a throttle time of `number` ms; the
                                  ///< connection is deaf for as long
    FAKE_FAULT_LOST,              ///< the request is served, and the connection closed in place of
                                  ///< an answer
    FAKE_FAULT_HANG_UP,           ///< the request is not served; the connection is closed
    FAKE_FAULT_NEVER,             ///< the request is not served, and nothing else of the connection
};

/// One fault. Texts and functions are borrowed until it is spent.
struct fake_fault {
    enum api_key api;
    int32_t broker; ///< node id, or FAKE_ANY_BROKER
    enum fake_fault_kind kind;
    int16_t code;
    const char *topic;
    int32_t partition;
    int64_t number;
    struct slice bytes;
    void (*edit)(void *arg, struct arena *arena, int16_t version, void *response);
    void *arg;
    int32_t times; ///< how often it strikes; 0 counts as 1; FAKE_FOR_EVER: until forgotten
};

/// The faults that wait. A zeroed line is empty.
struct fake_faults {
    struct fake_fault *faults;
    size_t count;
};

/// Puts a fault at the end of the line.
void fake_faults_add(struct fake_faults *faults, const struct fake_fault *fault);

/// Takes the first fault that concerns an API of a broker; false: none.
bool fake_faults_take(
    struct fake_faults *faults, enum api_key api, int32_t broker, struct fake_fault *fault
);

/// Forgets all faults and frees the line.
void fake_faults_clear(struct fake_faults *faults);
