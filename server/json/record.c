// SPDX-License-Identifier: Apache-2.0
// The text around a record's bytes is copied from literals: formatting costs as little as it can.
// Embedded JSON is copied byte for byte once it is known to be JSON.
#include "server/json/record.h"

#include "server/base/must.h"
#include "server/json/base64.h"
#include "server/json/check.h"
#include "server/json/number.h"
#include "server/json/text.h"
#include "server/json/writer.h"

#include <stdlib.h>
#include <string.h>

/// A short text that is copied by one or two stores, whatever its length.
struct piece {
    char text[31];
    uint8_t size;
};

#define PIECE(text) \
    { text, sizeof(text) - 1 }

/// A member whose value is bytes: its key with what stands before it, for text and for base64.
struct member {
    struct piece plain;
    struct piece base64;
};

#define MEMBER(before, name) \
    { PIECE(before "\"" name "\":"), PIECE(before "\"" name "_base64\":") }

static const struct member key_member = MEMBER(",", "key");
static const struct member value_member = MEMBER(",", "value");
static const struct member header_key_member = MEMBER("{", "key");
static const struct member header_value_member = MEMBER(",", "value");

static const struct piece timestamp_piece = PIECE(",\"timestamp\":");
static const struct piece no_headers_piece = PIECE(",\"headers\":[]");
static const struct piece checksum_piece = PIECE(",\"checksum\":");
static const struct piece key_size_piece = PIECE(",\"serialized_key_size\":");
static const struct piece value_size_piece = PIECE(",\"serialized_value_size\":");

/// `to` has room for a whole piece.
static char *put(char *to, const struct piece *piece) {
    memcpy(to, piece, sizeof *piece);
    return to + piece->size;
}

static void append(struct out *out, const struct piece *piece) {
    (void)put(out_room(out, sizeof *piece), piece);
    out->size += piece->size;
}

bool record_format_find(const char *name, enum record_format *format) {
    static const char *const names[] = { "string", "base64", "json" };
    must(name != NULL);
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(name, names[i]) != 0) continue;
        *format = (enum record_format)i;
        return true;
    }
    return false;
}

void record_writer_init(struct record_writer *writer, struct record_formats formats) {
    must(formats.value <= RECORD_JSON);
    *writer = (struct record_writer){ .formats = formats };
}

static void remember_partition(struct record_writer *writer, const struct kc_record *record) {
    free(writer->topic);
    writer->topic = must_copy(record->topic);
    writer->partition = record->partition;
    writer->head.size = 0;
    writer_begin_object(&writer->head);
    writer_member_string(&writer->head, "topic", record->topic);
    writer_member_integer(&writer->head, "partition", record->partition);
    writer_key(&writer->head, "offset");
}

static void remember_batch(struct record_writer *writer, const struct kc_record *record) {
    writer->leader_epoch = record->leader_epoch;
    writer->timestamp_type = record->timestamp_type;
    writer->tail.size = 0;
    OUT_LITERAL(&writer->tail, ",\"timestamp_type\":");
    number_append(&writer->tail, record->timestamp_type);
    writer_member_known(&writer->tail, "leader_epoch", record->leader_epoch);
}

/// Prepares the texts that records of one partition, and those of one batch, share.
static void remember(struct record_writer *writer, const struct kc_record *record) {
    bool same_partition = writer->topic && writer->partition == record->partition &&
                          strcmp(writer->topic, record->topic) == 0;
    if (!same_partition) remember_partition(writer, record);
    bool same_batch = writer->tail.size > 0 && writer->leader_epoch == record->leader_epoch &&
                      writer->timestamp_type == record->timestamp_type;
    if (!same_batch) remember_batch(writer, record);
}

static void write_base64(struct out *out, const struct member *member, struct kc_bytes bytes) {
    append(out, &member->base64);
    if (!bytes.data) {
        OUT_LITERAL(out, "null");
        return;
    }
    out_byte(out, '"');
    base64_append(out, bytes);
    out_byte(out, '"');
}

static void write_string(struct out *out, const struct member *member, struct kc_bytes bytes) {
    must(bytes.data != NULL);
    size_t before = out->size;
    append(out, &member->plain);
    out_byte(out, '"');
    if (text_escape(out, bytes)) {
        out_byte(out, '"');
        return;
    }
    out->size = before;
    write_base64(out, member, bytes);
}

/// In JSON a raw line end is white space between tokens, so that another space says the same.
static void copy_on_one_line(struct out *out, struct kc_bytes json) {
    must(json.data != NULL);
    char *to = out_room(out, json.size);
    for (size_t i = 0; i < json.size; i++) {
        bool line_end = json.data[i] == '\n' || json.data[i] == '\r';
        to[i] = (char)(line_end ? ' ' : json.data[i]);
    }
    out->size += json.size;
}

static bool is_space(uint8_t byte) {
    return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

/// The JSON without the white space around it.
static struct kc_bytes trimmed(struct kc_bytes json) {
    must(json.size > 0);
    while (is_space(json.data[json.size - 1]))
        json.size--;
    for (; is_space(json.data[0]); json.size--)
        json.data++;
    return json;
}

static void write_bytes(
    struct out *out,
    const struct member *member,
    struct kc_bytes bytes,
    enum record_format format,
    bool lines
) {
    if (format == RECORD_BASE64) {
        write_base64(out, member, bytes);
    } else if (!bytes.data) {
        append(out, &member->plain);
        OUT_LITERAL(out, "null");
    } else if (format == RECORD_STRING || !check_json(bytes, CHECK_MOST_DEPTH, NULL)) {
        write_string(out, member, bytes);
    } else {
        append(out, &member->plain);
        if (lines) {
            copy_on_one_line(out, trimmed(bytes));
        } else {
            bytes = trimmed(bytes);
            out_append(out, bytes.data, bytes.size);
        }
    }
}

static void write_headers(
    struct out *out, struct kc_bytes headers, const struct record_formats *formats
) {
    struct kc_header header;
    OUT_LITERAL(out, ",\"headers\":[");
    for (bool first = true; kc_header_next(&headers, &header); first = false) {
        if (!first) out_byte(out, ',');
        write_bytes(out, &header_key_member, header.key, RECORD_STRING, false);
        write_bytes(out, &header_value_member, header.value, formats->header, formats->lines);
        out_byte(out, '}');
    }
    out_byte(out, ']');
}

/// Kafka's clients say -1 for the size of null.
static int64_t serialized_size(struct kc_bytes bytes) {
    return bytes.data ? (int64_t)bytes.size : -1;
}

/// All before the key.
static void write_head(
    struct record_writer *writer, struct out *out, const struct kc_record *record
) {
    const struct out *head = &writer->head;
    const struct out *tail = &writer->tail;
    size_t numbers = (size_t)2 * NUMBER_MOST_BYTES + sizeof timestamp_piece;
    char *begin = out_room(out, head->size + tail->size + numbers);
    memcpy(begin, head->data, head->size);
    char *to = number_write(begin + head->size, record->offset);
    to = number_write(put(to, &timestamp_piece), record->timestamp_ms);
    memcpy(to, tail->data, tail->size);
    out->size += (size_t)(to - begin) + tail->size;
}

static void write_checksum(struct out *out, uint32_t checksum) {
    append(out, &checksum_piece);
    number_append(out, (int64_t)checksum);
}

static void write_sizes(struct out *out, const struct kc_record *record) {
    size_t room = 2 * (NUMBER_MOST_BYTES + sizeof key_size_piece) + 1;
    char *begin = out_room(out, room);
    char *to = number_write(put(begin, &key_size_piece), serialized_size(record->key));
    to = number_write(put(to, &value_size_piece), serialized_size(record->value));
    *to++ = '}';
    out->size += (size_t)(to - begin);
}

void record_write(struct record_writer *writer, struct out *out, const struct kc_record *record) {
    must(record->topic != NULL);
    const struct record_formats *formats = &writer->formats;
    remember(writer, record);
    write_head(writer, out, record);
    write_bytes(out, &key_member, record->key, formats->key, formats->lines);
    write_bytes(out, &value_member, record->value, formats->value, formats->lines);
    if (record->header_count == 0) {
        append(out, &no_headers_piece);
    } else {
        write_headers(out, record->headers, formats);
    }
    if (record->has_checksum) write_checksum(out, record->checksum);
    write_sizes(out, record);
}

void record_writer_dispose(struct record_writer *writer) {
    out_dispose(&writer->head);
    out_dispose(&writer->tail);
    free(writer->topic);
    writer->topic = NULL;
}
