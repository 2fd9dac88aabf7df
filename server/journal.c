// SPDX-License-Identifier: Apache-2.0
// A line is put together whole and written at once, so that lines of threads don't mix. Details are
// taken apart and quoted anew, so that no text of a peer can look like another key.
#include "server/journal.h"

#include "server/base/must.h"
#include "server/base/out.h"
#include "server/details.h"
#include "server/json/number.h"
#include "server/json/text.h"
#include "server/json/writer.h"
#include "server/process.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { DETAIL_BYTES = 1024, KEY_BYTES = 64 };

static const char *const names[] = { "error", "warn", "info", "debug" };

bool journal_level_find(const char *name, enum kc_log_level *level) {
    must(name != NULL);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i], name) != 0) continue;
        *level = (enum kc_log_level)i;
        return true;
    }
    return false;
}

const char *journal_level_name(enum kc_log_level level) {
    must((size_t)level < sizeof names / sizeof names[0]);
    return names[level];
}

struct journal journal_begin(int fd, enum kc_log_level level, bool json) {
    return (struct journal){
        .fd = fd,
        .level = (int)level,
        .quiet_level = level == KC_LOG_DEBUG ? KC_LOG_INFO : level,
        .json = json,
    };
}

enum kc_log_level journal_level_now(const struct journal *journal) {
    return (enum kc_log_level)atomic_load_explicit(&journal->level, memory_order_relaxed);
}

void journal_set_level(struct journal *journal, enum kc_log_level level, const char *by) {
    must((size_t)level < sizeof names / sizeof names[0]);
    enum kc_log_level before = journal_level_now(journal);
    // The line is written when either of the two levels has it.
    atomic_store(&journal->level, (int)(before > level ? before : level));
    journal_line(
        journal,
        KC_LOG_INFO,
        "log",
        "switched",
        "from=%s to=%s by=%s",
        names[before],
        names[level],
        by
    );
    atomic_store(&journal->level, (int)level);
}

void journal_toggle_debug(struct journal *journal, const char *by) {
    bool on = journal_level_now(journal) == KC_LOG_DEBUG;
    journal_set_level(journal, on ? journal->quiet_level : KC_LOG_DEBUG, by);
}

/// Text without the control characters that would break or colour a line.
static void append_plain(struct out *out, const char *text, size_t size) {
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)text[i];
        out_byte(out, (char)(byte < 0x20 || byte == 0x7f ? '?' : byte));
    }
}

/// A value, quoted when it would not be taken for one word.
static void append_value(struct out *out, const struct detail *detail) {
    must(detail->value != NULL);
    bool quotes = detail->value_size == 0;
    for (size_t i = 0; i < detail->value_size; i++)
        quotes = quotes || strchr(" \"=\\", detail->value[i]) != NULL;
    if (!quotes) {
        append_plain(out, detail->value, detail->value_size);
        return;
    }
    out_byte(out, '"');
    for (size_t i = 0; i < detail->value_size; i++) {
        if (detail->value[i] == '"' || detail->value[i] == '\\') out_byte(out, '\\');
        append_plain(out, detail->value + i, 1);
    }
    out_byte(out, '"');
}

static void append_text(struct out *line, const char *details) {
    must(details != NULL);
    struct detail detail;
    while (details_next(&details, &detail)) {
        out_byte(line, ' ');
        out_append(line, detail.key, detail.key_size);
        out_byte(line, '=');
        append_value(line, &detail);
    }
    if (details[0] && details[0] != ' ') out_byte(line, ' ');
    append_plain(line, details, strlen(details));
}

static bool is_key_before(const char *details, const struct detail *detail) {
    struct detail before;
    while (details < detail->key && details_next(&details, &before)) {
        if (before.key == detail->key) return false;
        bool same = before.key_size == detail->key_size &&
                    memcmp(before.key, detail->key, detail->key_size) == 0;
        if (same) return true;
    }
    return false;
}

/// A number as a number, true and false as such, all else as text.
static void write_value(struct out *line, const struct detail *detail) {
    int64_t number;
    struct kc_bytes value = { (const uint8_t *)detail->value, detail->value_size };
    bool quoted = detail->value[-1] == '"';
    bool boolean = (value.size == 4 && memcmp(value.data, "true", 4) == 0) ||
                   (value.size == 5 && memcmp(value.data, "false", 5) == 0);
    if (!quoted && (boolean || number_parse(value, &number) == NUMBER_WHOLE)) {
        out_append(line, detail->value, detail->value_size);
        return;
    }
    out_byte(line, '"');
    text_escape_lossy(line, value);
    out_byte(line, '"');
}

/// The details in an object of their own, so that no key of theirs meets one of the line. Of a key
/// that is there twice the first counts.
static void write_details(struct out *line, const char *details) {
    must(details != NULL);
    const char *at = details;
    struct detail detail;
    writer_key(line, "details");
    writer_begin_object(line);
    while (details_next(&at, &detail)) {
        char key[KEY_BYTES];
        if (detail.key_size >= sizeof key || is_key_before(details, &detail)) continue;
        memcpy(key, detail.key, detail.key_size);
        key[detail.key_size] = '\0';
        writer_key(line, key);
        write_value(line, &detail);
    }
    at += strspn(at, " ");
    if (*at) writer_member_string(line, "text", at);
    writer_end_object(line);
}

void journal_write(
    const struct journal *journal,
    enum kc_log_level level,
    const char *noun,
    const char *verb,
    const char *details
) {
    must((size_t)level < sizeof names / sizeof names[0]);
    if (level > journal_level_now(journal)) return;
    struct out line = { 0 };
    char now[PROCESS_TIME_BYTES];
    process_format_time(process_wall_clock_ms(), now);
    if (journal->json) {
        writer_begin_object(&line);
        writer_member_string(&line, "time", now);
        writer_member_string(&line, "level", names[level]);
        writer_member_string(&line, "noun", noun);
        writer_member_string(&line, "verb", verb);
        write_details(&line, details);
        writer_end_object(&line);
    } else {
        out_format(&line, "%s %s %s %s", now, names[level], noun, verb);
        append_text(&line, details);
    }
    out_byte(&line, '\n');
    // A log that cannot be written is no reason to stop.
    if (write(journal->fd, line.data, line.size) < 0) line.size = 0;
    out_dispose(&line);
}

void journal_line(
    const struct journal *journal,
    enum kc_log_level level,
    const char *noun,
    const char *verb,
    const char *format,
    ...
) {
    must(journal != NULL);
    if (level > journal_level_now(journal)) return;
    char details[DETAIL_BYTES];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(details, sizeof details, format, arguments);
    va_end(arguments);
    journal_write(journal, level, noun, verb, details);
}

static void write_from_library(
    void *arg, enum kc_log_level level, const char *noun, const char *verb, const char *details
) {
    journal_write(arg, level, noun, verb, details);
}

struct kc_log journal_sink(struct journal *journal) {
    return (struct kc_log){ write_from_library, journal, KC_LOG_DEBUG };
}
