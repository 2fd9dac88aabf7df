// SPDX-License-Identifier: Apache-2.0
// The old formats have no variable-length numbers: each field is written where it goes.
#include "tests/fake_kafka/message_writer.h"

#include "consumer/base/must.h"
#include "consumer/wire/writer.h"
#include "tests/fake_kafka/record_writer.h"

#include <zlib.h>

enum { AT_SIZE = 8, AT_CRC = 12, AT_MAGIC = 16, LOG_APPEND_TIME = 0x08 };

static void write_bytes(struct slice bytes, struct buf *out) {
    writer_int32(out, bytes.data ? (int32_t)bytes.size : -1);
    buf_append(out, bytes.data, bytes.size);
}

void message_write(const struct message_to_write *message, struct buf *out) {
    must(message->magic == 0 || message->magic == 1);
    size_t start = out->size;
    unsigned attributes = (unsigned)message->codec;
    if (message->is_log_append_time) attributes |= LOG_APPEND_TIME;
    writer_int64(out, message->offset);
    writer_int32(out, 0); // the size, known last
    writer_int32(out, 0); // the checksum, known last
    writer_int8(out, message->magic);
    writer_int8(out, (int8_t)attributes);
    if (message->magic == 1) writer_int64(out, message->timestamp);
    write_bytes(message->key, out);
    write_bytes(message->value, out);
    writer_int32_at(out, start + AT_SIZE, (int32_t)(out->size - start - AT_SIZE - 4));
    message_mend_crc(out->data + start, out->size - start);
}

void message_write_wrapper(
    const struct message_to_write *wrapper, struct slice set, struct buf *out
) {
    must(wrapper->codec != COMPRESSION_NONE);
    struct buf packed = { 0 };
    record_writer_compress(wrapper->codec, set, &packed);
    struct message_to_write message = *wrapper;
    message.value = buf_slice(&packed);
    message_write(&message, out);
    buf_dispose(&packed);
}

void message_mend_crc(uint8_t *message, size_t size) {
    must(size > AT_MAGIC);
    uint32_t crc = (uint32_t)crc32_z(0, message + AT_MAGIC, size - AT_MAGIC);
    for (int i = 0; i < 4; i++)
        message[AT_CRC + i] = (uint8_t)(crc >> (24 - 8 * i));
}
