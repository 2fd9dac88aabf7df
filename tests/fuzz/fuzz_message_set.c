// SPDX-License-Identifier: Apache-2.0
// libFuzzer: any bytes as the records of one partition, of which the messages of formats 0 and 1
// are unpacked and walked as a reader does, but past wrong checksums too. What comes out lies
// within the bytes, and offsets only grow.
#include "consumer/base/must.h"
#include "consumer/wire/compression.h"
#include "consumer/wire/message_set.h"
#include "consumer/wire/record_batch.h"
#include "consumer/wire/record_walker.h"

enum { MOST_BYTES = 1024 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_within(struct slice part, struct slice whole) {
    if (!part.data) return part.size == 0;
    return part.data >= whole.data && part.size <= whole.size &&
           (size_t)(part.data - whole.data) <= whole.size - part.size;
}

static void check_set(const struct message_set *set, bool check_crcs) {
    static struct compression_context context;
    static struct buf unpacked;
    const struct message_unpacking how = {
        .context = &context,
        .max_size = MOST_BYTES,
        .check_crcs = check_crcs,
    };
    buf_clear(&unpacked);
    if (message_set_unpack(set->bytes, &how, &unpacked)) return;
    must(unpacked.size <= MOST_BYTES);
    struct message_walker walker;
    struct record record;
    int64_t least_offset = 0;
    message_walker_init(&walker, set->bytes, buf_slice(&unpacked), check_crcs);
    struct slice whole = walker.is_wrapped ? buf_slice(&unpacked) : set->bytes;
    while (message_walker_next(&walker, &record)) {
        must(record.offset >= least_offset && record.offset < set->next_offset);
        must(is_within(record.key, whole) && is_within(record.value, whole));
        must(record.header_count == 0 && record.headers.size == 0);
        least_offset = record.offset + 1;
    }
    must(!walker.bad || (walker.skip_offset > 0 && walker.skip_offset <= set->next_offset));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct slice left = { data, size };
    struct record_batch batch;
    for (;;) {
        enum batch_parse parsed = record_batch_parse(left, &batch);
        if (parsed == BATCH_PARTIAL || parsed == BATCH_CORRUPT) return 0;
        size_t taken = (size_t)batch.size;
        if (parsed == BATCH_OLD_FORMAT) {
            struct message_set set;
            message_set_take(left, &set);
            must(set.bytes.data == left.data && set.bytes.size <= left.size);
            must(set.bytes.size >= taken && set.next_offset > batch.base_offset);
            check_set(&set, true);
            check_set(&set, false);
            taken = set.bytes.size;
        }
        must(taken > 0 && taken <= left.size);
        left.data += taken;
        left.size -= taken;
    }
}
