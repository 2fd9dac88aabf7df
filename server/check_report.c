// SPDX-License-Identifier: Apache-2.0
// A step's sentence is put together once, for both shapes.
#include "server/check_report.h"

#include "server/base/must.h"
#include "server/json/writer.h"

#include <stdarg.h>

enum { SENTENCE_BYTES = 1024 };

static const char *outcome_name(enum check_outcome outcome) {
    switch (outcome) {
    case CHECK_OK: return "ok";
    case CHECK_FAILED: return "failed";
    case CHECK_SKIPPED: return "skipped";
    }
    must(!"an outcome that is none");
    return "";
}

void check_report_begin(struct check_report *report, FILE *to, bool json) {
    must(to != NULL);
    *report = (struct check_report){ .to = to, .json = json };
    if (!json) return;
    writer_begin_object(&report->steps);
    writer_key(&report->steps, "steps");
    writer_begin_array(&report->steps);
}

void check_report_add(
    struct check_report *report,
    enum check_outcome outcome,
    const char *step,
    const char *subject,
    const char *format,
    ...
) {
    char sentence[SENTENCE_BYTES];
    va_list arguments;
    must(step != NULL && subject != NULL);
    va_start(arguments, format);
    (void)vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    report->failed |= outcome == CHECK_FAILED;
    if (!report->json) {
        const char *name = outcome == CHECK_FAILED ? "FAILED" : outcome_name(outcome);
        (void)fprintf(report->to, "%-8s%-10s%s: %s\n", name, step, subject, sentence);
        (void)fflush(report->to);
        return;
    }
    writer_begin_object(&report->steps);
    writer_member_string(&report->steps, "step", step);
    writer_member_string(&report->steps, "subject", subject);
    writer_member_string(&report->steps, "outcome", outcome_name(outcome));
    writer_member_string(&report->steps, "detail", sentence);
    writer_end_object(&report->steps);
}

bool check_report_end(struct check_report *report) {
    if (report->json) {
        writer_end_array(&report->steps);
        writer_member_boolean(&report->steps, "ok", !report->failed);
        writer_end_object(&report->steps);
        (void)fprintf(report->to, "%s\n", out_text(&report->steps));
    }
    out_dispose(&report->steps);
    return !report->failed;
}
