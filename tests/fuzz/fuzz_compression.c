// SPDX-License-Identifier: Apache-2.0
// libFuzzer: any bytes to any codec, in a context that lives as long as a reader thread's. The
// bound holds, an error leaves nothing, and the same bytes give the same again.
#include "consumer/base/must.h"
#include "consumer/wire/compression.h"
#include "consumer/wire/reader.h"

enum { MOST_BYTES = 256 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// The first byte chooses the codec; 5 to 7 are none.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct compression_context context;
    if (size == 0) return 0;
    enum compression codec = (enum compression)(data[0] % 8);
    struct slice in = { data + 1, size - 1 };
    struct buf first = { 0 };
    struct buf second = { 0 };
    enum status status = compression_decompress(&context, codec, in, MOST_BYTES, &first);
    must(status == compression_decompress(&context, codec, in, MOST_BYTES, &second));
    must(status == STATUS_OK || status == STATUS_CORRUPT_RECORDS || status == STATUS_TOO_LARGE);
    must(status == STATUS_OK || first.size == 0);
    must(first.size <= MOST_BYTES && first.capacity <= MOST_BYTES + 1);
    must(slice_equal(buf_slice(&first), buf_slice(&second)));
    buf_dispose(&first);
    buf_dispose(&second);
    return 0;
}
