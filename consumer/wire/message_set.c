// SPDX-License-Identifier: Apache-2.0
// Every length is checked against the bytes that are there, level by level: a message within its
// set, key and value within their message. A wrapper within a wrapper is damage, as is one of
// another format than what it holds.
#include "consumer/wire/message_set.h"

#include "consumer/base/must.h"
#include "consumer/wire/lz4_header.h"
#include "consumer/wire/record_batch.h"
#include "consumer/wire/record_walker.h"

#include <zlib.h>

// Where the fields are. The size counts what follows it, the checksum covers what follows it.
enum {
    AT_SIZE = 8,
    AT_CRC = 12,
    AT_MAGIC = 16,
    AT_ATTRIBUTES = 17,
    AT_TIMESTAMP = 18, // format 1
    AT_KEY_0 = 18,
    AT_KEY_1 = 26,
    PREFIX_SIZE = 12,
    LENGTH_SIZE = 4,
};

enum { COMPRESSION_MASK = 0x07, LOG_APPEND_TIME = 0x08 };

enum { NO_TIMESTAMP = -1, NO_TYPE = -1, CREATE_TYPE = 0, APPEND_TYPE = 1 };

/// One message as it is written.
struct message {
    struct slice bytes; ///< the whole
    int64_t offset;
    int64_t timestamp;
    uint32_t crc;
    int8_t magic;
    uint8_t attributes;
    struct slice key;
    struct slice value;
};

static uint32_t load_32(const uint8_t *at) {
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static int64_t load_64(const uint8_t *at) {
    return (int64_t)((uint64_t)load_32(at) << 32 | load_32(at + 4));
}

/// The first message of a set by its size, which may be wrong; null when it is not whole.
static struct slice frame_of(struct slice set) {
    if (set.size <= AT_ATTRIBUTES) return SLICE_NULL;
    uint32_t size = load_32(set.data + AT_SIZE);
    if (size <= AT_ATTRIBUTES - PREFIX_SIZE || size > set.size - PREFIX_SIZE) return SLICE_NULL;
    return (struct slice){ set.data, PREFIX_SIZE + size };
}

/// A length, -1 for null, and as many bytes, off the front of `left`.
static bool take_bytes(struct slice *left, struct slice *bytes) {
    if (left->size < LENGTH_SIZE) return false;
    uint32_t size = load_32(left->data);
    left->data += LENGTH_SIZE;
    left->size -= LENGTH_SIZE;
    *bytes = SLICE_NULL;
    if (size == UINT32_MAX) return true;
    if (size > left->size) return false;
    *bytes = (struct slice){ left->data, size };
    left->data += size;
    left->size -= size;
    return true;
}

/// Reads the first message of a set; false when its bytes are not what they should be.
static bool read_message(struct slice set, struct message *message) {
    struct slice bytes = frame_of(set);
    if (!bytes.data) return false;
    *message = (struct message){
        .bytes = bytes,
        .offset = load_64(bytes.data),
        .timestamp = NO_TIMESTAMP,
        .crc = load_32(bytes.data + AT_CRC),
        .magic = (int8_t)bytes.data[AT_MAGIC],
        .attributes = bytes.data[AT_ATTRIBUTES],
    };
    if (message->offset < 0 || message->offset == INT64_MAX) return false; // inside a wrapper
    if (message->magic != 0 && message->magic != 1) return false;
    size_t at_key = message->magic == 0 ? AT_KEY_0 : AT_KEY_1;
    if (bytes.size < at_key) return false;
    if (message->magic == 1) message->timestamp = load_64(bytes.data + AT_TIMESTAMP);
    struct slice left = { bytes.data + at_key, bytes.size - at_key };
    return take_bytes(&left, &message->key) && take_bytes(&left, &message->value) && left.size == 0;
}

static bool crc_is_right(const struct message *message) {
    must(message->bytes.size >= AT_MAGIC);
    struct slice bytes = message->bytes;
    return crc32_z(0, bytes.data + AT_MAGIC, bytes.size - AT_MAGIC) == message->crc;
}

static enum compression codec_of(uint8_t attributes) {
    return (enum compression)(attributes & COMPRESSION_MASK);
}

// ------------------------------------------------------------------------------------------------
// Sets

void message_set_take(struct slice bytes, struct message_set *set) {
    struct record_batch first;
    struct record_batch next;
    enum batch_parse parsed = record_batch_parse(bytes, &first);
    must(parsed == BATCH_OLD_FORMAT);
    size_t size = (size_t)first.size;
    int64_t last_offset = first.base_offset;
    bool is_wrapper = codec_of(bytes.data[AT_ATTRIBUTES]) != COMPRESSION_NONE;
    while (!is_wrapper) {
        struct slice left = { bytes.data + size, bytes.size - size };
        parsed = record_batch_parse(left, &next);
        bool goes_on = parsed == BATCH_OLD_FORMAT && next.magic == first.magic &&
                       next.base_offset > last_offset &&
                       codec_of(left.data[AT_ATTRIBUTES]) == COMPRESSION_NONE;
        if (!goes_on) break;
        size += (size_t)next.size;
        last_offset = next.base_offset;
    }
    set->bytes = (struct slice){ bytes.data, size };
    set->next_offset = last_offset + 1;
}

/// What lz4 made by format 0 needs: a copy with a right header.
static enum status decompress_old_lz4(
    struct slice value, const struct message_unpacking *how, struct buf *out
) {
    struct buf mended = { 0 };
    buf_append(&mended, value.data, value.size);
    lz4_header_mend(mended.data, mended.size);
    enum status status = compression_decompress(
        how->context, COMPRESSION_LZ4, buf_slice(&mended), how->max_size, out
    );
    buf_dispose(&mended);
    return status;
}

enum status message_set_unpack(
    struct slice set, const struct message_unpacking *how, struct buf *out
) {
    must(set.size > AT_ATTRIBUTES);
    enum compression codec = codec_of(set.data[AT_ATTRIBUTES]);
    if (codec == COMPRESSION_NONE) return STATUS_OK;
    struct message wrapper;
    if (!read_message(set, &wrapper)) return STATUS_CORRUPT_RECORDS;
    // These formats are older than zstd.
    bool is_known = codec <= COMPRESSION_LZ4;
    if (!is_known || wrapper.value.size == 0) return STATUS_CORRUPT_RECORDS;
    if (how->check_crcs && !crc_is_right(&wrapper)) return STATUS_CORRUPT_RECORDS;
    if (codec == COMPRESSION_LZ4 && wrapper.magic == 0)
        return decompress_old_lz4(wrapper.value, how, out);
    return compression_decompress(how->context, codec, wrapper.value, how->max_size, out);
}

// ------------------------------------------------------------------------------------------------
// Walks

/// The offset of the last message, as it is written; false when the set is damaged or empty.
static bool find_last_offset(struct slice set, int64_t *offset) {
    if (set.size == 0) return false;
    while (set.size > 0) {
        struct slice frame = frame_of(set);
        if (!frame.data) return false;
        *offset = load_64(frame.data);
        set.data += frame.size;
        set.size -= frame.size;
    }
    return *offset >= 0;
}

/// In format 1 a wrapper has the offset of its last message, and its messages count from the first.
static bool find_base(
    const struct message *wrapper, struct slice unpacked, struct message_walker *walker
) {
    int64_t last = 0;
    if (!find_last_offset(unpacked, &last)) return false;
    if (wrapper->magic == 1) walker->base_offset = wrapper->offset - last;
    return walker->base_offset >= 0;
}

void message_walker_init(
    struct message_walker *walker, struct slice set, struct slice unpacked, bool check_crcs
) {
    must(set.size > AT_ATTRIBUTES);
    *walker = (struct message_walker){
        .at = set.data,
        .end = set.data + set.size,
        .last_offset = INT64_MAX - 1,
        .magic = (int8_t)set.data[AT_MAGIC],
        .check_crcs = check_crcs,
        .timestamp_type = NO_TYPE,
    };
    if (codec_of(set.data[AT_ATTRIBUTES]) == COMPRESSION_NONE) return;
    struct message wrapper;
    bool unpackable = read_message(set, &wrapper);
    must(unpackable);
    walker->at = unpacked.data;
    walker->end = unpacked.data + unpacked.size;
    walker->is_wrapped = true;
    walker->check_crcs = false; // the wrapper's has covered them
    walker->last_offset = wrapper.offset;
    walker->skip_offset = wrapper.offset + 1;
    walker->timestamp = wrapper.timestamp;
    walker->is_log_append_time = wrapper.magic == 1 && wrapper.attributes & LOG_APPEND_TIME;
    walker->bad = !find_base(&wrapper, unpacked, walker);
}

/// Turns what is written into the record's own offset and time.
static bool place_record(
    struct message_walker *walker, const struct message *message, struct record *record
) {
    if (message->magic != walker->magic || codec_of(message->attributes) != COMPRESSION_NONE)
        return false;
    if (message->offset > walker->last_offset - walker->base_offset) return false;
    record->offset = walker->base_offset + message->offset;
    if (record->offset < walker->least_offset) return false;
    bool is_append_time = walker->is_log_append_time || message->attributes & LOG_APPEND_TIME;
    record->timestamp = walker->is_log_append_time ? walker->timestamp : message->timestamp;
    walker->timestamp_type = is_append_time ? APPEND_TYPE : CREATE_TYPE;
    if (message->magic == 0) walker->timestamp_type = NO_TYPE;
    return true;
}

/// Damage in one of several messages is passed by going on behind it; in a wrapper, behind all of
/// it.
static bool on_damage(struct message_walker *walker) {
    must(walker->at < walker->end);
    walker->bad = true;
    if (!walker->is_wrapped) walker->skip_offset = load_64(walker->at) + 1;
    return false;
}

bool message_walker_next(struct message_walker *walker, struct record *record) {
    if (walker->bad || walker->at == walker->end) return false;
    struct message message;
    struct slice left = { walker->at, (size_t)(walker->end - walker->at) };
    if (!read_message(left, &message)) return on_damage(walker);
    if (walker->check_crcs && !crc_is_right(&message)) return on_damage(walker);
    if (!place_record(walker, &message, record)) return on_damage(walker);
    record->key = message.key;
    record->value = message.value;
    record->headers = SLICE_LITERAL("");
    record->header_count = 0;
    walker->checksum = message.crc;
    walker->least_offset = record->offset + 1;
    walker->at += message.bytes.size;
    return true;
}
