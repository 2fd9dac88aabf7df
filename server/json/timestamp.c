// SPDX-License-Identifier: Apache-2.0
// The calendar's arithmetic is done here: that of the C library follows the process's time zone. A
// day is counted from 1 March of year 0, so that leap days come last in their year.
#include "server/json/timestamp.h"

#include "server/base/must.h"

#include <ctype.h>
#include <stddef.h>

enum {
    DAYS_BEFORE_1970 = 719468, ///< since 1 March of year 0
    DAYS_OF_400_YEARS = 146097,
    MINUTE_S = 60,
    HOUR_S = 3600,
    DAY_S = 86400,
};

/// Walks over a text; `bad` sticks.
struct scan {
    const uint8_t *at;
    const uint8_t *end;
    bool bad;
};

static int take_byte(struct scan *scan) {
    if (scan->at == scan->end) scan->bad = true;
    return scan->bad ? 0 : *scan->at++;
}

/// A number of exactly so many digits between bounds.
static int64_t take_number(struct scan *scan, int digits, int least, int most) {
    must(digits > 0 && digits <= 4);
    int number = 0;
    for (; digits > 0; digits--) {
        int digit = take_byte(scan);
        if (!isdigit(digit)) scan->bad = true;
        number = number * 10 + (digit - '0');
    }
    if (number < least || number > most) scan->bad = true;
    return scan->bad ? 0 : number;
}

static void take_one_of(struct scan *scan, const char *allowed) {
    int byte = take_byte(scan);
    while (*allowed && *allowed != byte)
        allowed++;
    if (*allowed == '\0') scan->bad = true;
}

static bool is_leap_year(int64_t year) {
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int days_of_month(int64_t year, int64_t month) {
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    must(month >= 1 && month <= 12);
    return days[month - 1] + (month == 2 && is_leap_year(year));
}

static int64_t days_since_1970(int64_t year, int64_t month, int64_t day) {
    if (month <= 2) year--;
    int64_t month_from_march = (month + 9) % 12;
    int64_t day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    int64_t centuries = year >= 0 ? year / 400 : -1;
    int64_t year_of_400 = year - centuries * 400;
    int64_t days = year_of_400 * 365 + year_of_400 / 4 - year_of_400 / 100 + day_of_year;
    return centuries * DAYS_OF_400_YEARS + days - DAYS_BEFORE_1970;
}

static int64_t take_date_s(struct scan *scan) {
    int64_t year = take_number(scan, 4, 0, 9999);
    take_one_of(scan, "-");
    int64_t month = take_number(scan, 2, 1, 12);
    take_one_of(scan, "-");
    int64_t day = take_number(scan, 2, 1, 31);
    if (scan->bad || day > days_of_month(year, month)) {
        scan->bad = true;
        return 0;
    }
    return days_since_1970(year, month, day) * DAY_S;
}

/// A leap second, :60, is the first of the next minute.
static int64_t take_time_s(struct scan *scan) {
    int64_t hour = take_number(scan, 2, 0, 23);
    take_one_of(scan, ":");
    int64_t minute = take_number(scan, 2, 0, 59);
    take_one_of(scan, ":");
    return hour * HOUR_S + minute * MINUTE_S + take_number(scan, 2, 0, 60);
}

static int take_fraction_ms(struct scan *scan) {
    int ms = 0;
    int unit = 100;
    if (scan->at == scan->end || (*scan->at != '.' && *scan->at != ',')) return 0;
    scan->at++;
    if (scan->at == scan->end || !isdigit(*scan->at)) scan->bad = true;
    for (; scan->at < scan->end && isdigit(*scan->at); scan->at++) {
        ms += (*scan->at - '0') * unit;
        unit /= 10;
    }
    return ms;
}

/// A plus of a query that was not escaped has become a blank.
static int64_t take_offset_s(struct scan *scan) {
    int sign = take_byte(scan);
    if (sign == 'Z' || sign == 'z') return 0;
    if (sign != '+' && sign != '-' && sign != ' ') scan->bad = true;
    int64_t hours = take_number(scan, 2, 0, 23);
    take_one_of(scan, ":");
    int64_t offset_s = hours * HOUR_S + take_number(scan, 2, 0, 59) * MINUTE_S;
    return sign == '-' ? -offset_s : offset_s;
}

bool timestamp_parse(struct kc_bytes text, int64_t *ms) {
    must(ms != NULL);
    struct scan scan = { text.data, text.data ? text.data + text.size : NULL, false };
    int64_t seconds = take_date_s(&scan);
    take_one_of(&scan, "Tt ");
    seconds += take_time_s(&scan);
    int fraction_ms = take_fraction_ms(&scan);
    seconds -= take_offset_s(&scan);
    if (scan.bad || scan.at != scan.end || seconds < 0) return false;
    *ms = seconds * 1000 + fraction_ms;
    return true;
}
