// SPDX-License-Identifier: Apache-2.0
// Every format is one of the three that record.h has.
#include "server/http/formats.h"

#include "server/base/must.h"
#include "server/http/params.h"

static bool read_format(
    const struct params *params,
    const char *name,
    enum record_format *format,
    struct complaint *complaint
) {
    const char *text = params_find(params, name);
    if (!text || record_format_find(text, format)) return true;
    return complain(complaint, "%s: '%.40s' is none of string, base64, json", name, text);
}

bool formats_read(
    const struct params *params, struct record_formats *formats, struct complaint *complaint
) {
    must(formats != NULL);
    enum record_format all = RECORD_STRING;
    if (!read_format(params, "format", &all, complaint)) return false;
    formats->key = formats->value = formats->header = all;
    return read_format(params, "key_format", &formats->key, complaint) &&
           read_format(params, "value_format", &formats->value, complaint) &&
           read_format(params, "header_format", &formats->header, complaint);
}
