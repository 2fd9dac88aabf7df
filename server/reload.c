// SPDX-License-Identifier: Apache-2.0
// One that fails keeps no other from being read.
#include "server/reload.h"

#include "server/base/must.h"
#include "server/journal.h"

void reloads_add(struct reloads *reloads, struct reload_hook hook) {
    must(reloads->count < RELOAD_MOST_HOOKS && hook.reload != NULL);
    reloads->hooks[reloads->count++] = hook;
}

bool reloads_run(const struct reloads *reloads, const struct journal *journal) {
    must(reloads->count <= RELOAD_MOST_HOOKS);
    bool good = true;
    for (size_t i = 0; i < reloads->count; i++) {
        const struct reload_hook *hook = &reloads->hooks[i];
        char error[RELOAD_ERROR_BYTES] = "";
        if (hook->reload(hook->arg, error)) {
            journal_line(journal, KC_LOG_INFO, hook->noun, "reloaded", "%s", "");
        } else {
            good = false;
            journal_line(journal, KC_LOG_ERROR, hook->noun, "not_reloaded", "why=\"%s\"", error);
        }
    }
    return good;
}
