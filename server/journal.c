// SPDX-License-Identifier: Apache-2.0
// A line is put together whole and written at once, so that lines of threads don't mix.
#include "server/journal.h"

#include "server/base/must.h"
#include "server/base/out.h"
#include "server/json/writer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { DETAIL_BYTES = 1024, TIME_BYTES = 40 };

static const char *const names[] = { "error", "warn", "info", "debug" };

enum kc_log_level journal_level(const char *name) {
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i], name) == 0) return (enum kc_log_level)i;
    }
    return KC_LOG_INFO;
}

/// Now, in UTC: the wall clock is for people alone.
static void format_time(char text[TIME_BYTES]) {
    struct timespec now;
    struct tm parts;
    must(clock_gettime(CLOCK_REALTIME, &now) == 0);
    must(gmtime_r(&now.tv_sec, &parts) != NULL);
    size_t length = strftime(text, TIME_BYTES, "%Y-%m-%dT%H:%M:%S", &parts);
    (void)snprintf(text + length, TIME_BYTES - length, ".%03ldZ", now.tv_nsec / 1000000);
}

/// Text without the control characters that would break or colour a line.
static void append_plain(struct out *out, const char *text) {
    for (; *text; text++)
        out_byte(out, (char)((unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text));
}

void journal_write(
    const struct journal *journal,
    enum kc_log_level level,
    const char *noun,
    const char *verb,
    const char *details
) {
    must((size_t)level < sizeof names / sizeof names[0]);
    if (level > journal->level) return;
    struct out line = { 0 };
    char now[TIME_BYTES];
    format_time(now);
    if (journal->json) {
        writer_begin_object(&line);
        writer_member_string(&line, "time", now);
        writer_member_string(&line, "level", names[level]);
        writer_member_string(&line, "noun", noun);
        writer_member_string(&line, "verb", verb);
        writer_member_string(&line, "details", details);
        writer_end_object(&line);
    } else {
        out_format(&line, "%s %s %s %s", now, names[level], noun, verb);
        if (details[0]) out_byte(&line, ' ');
        append_plain(&line, details);
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
    if (level > journal->level) return;
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
    return (struct kc_log){ write_from_library, journal, journal->level };
}
