// SPDX-License-Identifier: Apache-2.0
// libFuzzer: any bytes as the records of one partition, walked as a reader does, but past wrong
// checksums too. What comes out lies within the bytes, and offsets only grow.
#include "consumer/base/must.h"
#include "consumer/wire/reader.h"
#include "consumer/wire/record_batch.h"
#include "consumer/wire/record_walker.h"

enum { MOST_BYTES = 1024 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_within(struct slice part, struct slice whole) {
    if (!part.data) {
        must(part.size == 0);
        return;
    }
    must(part.data >= whole.data && part.size <= whole.size);
    must((size_t)(part.data - whole.data) <= whole.size - part.size);
}

static void check_headers(const struct record *record, struct slice records) {
    struct slice headers = record->headers;
    struct slice key;
    struct slice value;
    uint32_t count = 0;
    for (; record_header_next(&headers, &key, &value); count++) {
        must(key.data != NULL);
        check_within(key, records);
        check_within(value, records);
    }
    must(count == record->header_count && headers.size == 0);
}

static void check_records(const struct record_batch *batch, struct slice records) {
    struct record_walker walker;
    struct record record;
    int64_t least_offset = batch->base_offset;
    int32_t count = 0;
    record_walker_init(&walker, batch, records);
    for (; record_walker_next(&walker, &record); count++) {
        must(record.offset >= least_offset);
        must(record.offset < record_batch_next_offset(batch));
        check_within(record.key, records);
        check_within(record.value, records);
        check_headers(&record, records);
        least_offset = record.offset + 1;
    }
    must(walker.bad || count == batch->record_count);
}

static void check_batch(const struct record_batch *batch, struct slice bytes) {
    static struct compression_context context;
    static struct buf records;
    must(batch->bytes.data == bytes.data && batch->bytes.size <= bytes.size);
    must(record_batch_next_offset(batch) > batch->base_offset);
    (void)record_batch_crc_is_right(batch);
    if (record_batch_is_control(batch)) (void)record_batch_control_type(batch);
    enum status status = compression_decompress(
        &context, record_batch_compression(batch), record_batch_payload(batch), MOST_BYTES, &records
    );
    must(records.size <= MOST_BYTES);
    if (status == STATUS_OK) check_records(batch, buf_slice(&records));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct slice left = { data, size };
    struct record_batch batch;
    for (;;) {
        enum batch_parse parsed = record_batch_parse(left, &batch);
        if (parsed == BATCH_WHOLE) check_batch(&batch, left);
        if (parsed == BATCH_PARTIAL || parsed == BATCH_CORRUPT) return 0;
        must(batch.size > 0 && (size_t)batch.size <= left.size);
        left.data += batch.size;
        left.size -= (size_t)batch.size;
    }
}
