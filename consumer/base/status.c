// SPDX-License-Identifier: Apache-2.0
// Names and sentences of enum status, from its one list.
#include "consumer/base/status.h"

#include "consumer/base/must.h"

#include <stddef.h>

static const struct {
    const char *name;
    const char *text;
} entries[] = {

#define STATUS_ENTRY(name, sentence) { #name, sentence },
    STATUS_LIST(STATUS_ENTRY)
#undef STATUS_ENTRY
};

const char *status_name(enum status status) {
    must((size_t)status < sizeof entries / sizeof entries[0]);
    return entries[status].name;
}

bool status_is_of_security(enum status status) {
    return status == STATUS_TLS_FAILED || status == STATUS_AUTHENTICATION_FAILED;
}

const char *status_text(enum status status) {
    must((size_t)status < sizeof entries / sizeof entries[0]);
    return entries[status].text;
}
