// SPDX-License-Identifier: Apache-2.0
// The double's public calls about partitions: each copies its arguments and goes to the engine
// thread.
#include "server/base/must.h"
#include "tests/unit/server/fake_consumer.h"
#include "tests/unit/server/fake_state.h"

#include <string.h>

static void enqueue_partitions(
    struct kc_consumer *consumer,
    enum fake_command command,
    enum kc_target target,
    const struct kc_partition *partitions,
    size_t count,
    struct kc_call call
) {
    struct fake_call *made = fake_new_call(consumer, command, call);
    made->target = target;
    made->named = partitions != NULL;
    must(count <= FAKE_MOST_PARTITIONS && (partitions || count == 0));
    for (size_t i = 0; i < count; i++)
        out_append(&made->names, partitions[i].topic, strlen(partitions[i].topic) + 1);
    const char *name = made->names.data;
    for (size_t i = 0; i < count; i++) {
        made->partitions[i] = partitions[i];
        made->partitions[i].topic = name;
        name += strlen(name) + 1;
        if (partitions[i].metadata) {
            struct kc_bytes bytes = { (const uint8_t *)partitions[i].metadata,
                                      partitions[i].metadata_size };
            made->partitions[i].metadata = (const char *)fake_copy_bytes(bytes).data;
        }
    }
    made->count = count;
    fake_enqueue(made);
}

void kc_assign(
    struct kc_consumer *consumer,
    const struct kc_partition *partitions,
    size_t count,
    struct kc_call call
) {
    enqueue_partitions(consumer, FAKE_ASSIGN, KC_TO_OFFSET, partitions, count, call);
}

void kc_commit(
    struct kc_consumer *consumer,
    const struct kc_partition *partitions,
    size_t count,
    struct kc_call call
) {
    enqueue_partitions(consumer, FAKE_COMMIT, KC_TO_OFFSET, partitions, count, call);
}

void kc_committed(
    struct kc_consumer *consumer,
    const struct kc_partition *partitions,
    size_t count,
    struct kc_call call
) {
    enqueue_partitions(consumer, FAKE_COMMITTED, KC_TO_OFFSET, partitions, count, call);
}

void kc_position(
    struct kc_consumer *consumer,
    const struct kc_partition *partitions,
    size_t count,
    struct kc_call call
) {
    enqueue_partitions(consumer, FAKE_POSITION, KC_TO_OFFSET, partitions, count, call);
}

void kc_seek(
    struct kc_consumer *consumer,
    enum kc_target target,
    const struct kc_partition *partitions,
    size_t count,
    struct kc_call call
) {
    enqueue_partitions(consumer, FAKE_SEEK, target, partitions, count, call);
}

void kc_rewind(struct kc_consumer *consumer, struct kc_call call) {
    enqueue_partitions(consumer, FAKE_REWIND, KC_TO_OFFSET, NULL, 0, call);
}

void kc_pause(
    struct kc_consumer *consumer,
    const struct kc_partition *partitions,
    size_t count,
    struct kc_call call
) {
    enqueue_partitions(consumer, FAKE_PAUSE, KC_TO_OFFSET, partitions, count, call);
}

void kc_resume(
    struct kc_consumer *consumer,
    const struct kc_partition *partitions,
    size_t count,
    struct kc_call call
) {
    enqueue_partitions(consumer, FAKE_RESUME, KC_TO_OFFSET, partitions, count, call);
}

void kc_offsets(
    struct kc_consumer *consumer,
    enum kc_target target,
    const struct kc_partition *partitions,
    size_t count,
    struct kc_call call
) {
    enqueue_partitions(consumer, FAKE_OFFSETS, target, partitions, count, call);
}
