// SPDX-License-Identifier: Apache-2.0
// A mutex, a condition and a copy.
#include "server/waiting.h"

#include "server/base/must.h"
#include "server/result.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

struct waiting {
    pthread_mutex_t mutex;
    pthread_cond_t done;
    bool is_given;
    bool is_done;
    struct result result;
};

struct waiting *waiting_new(void) {
    struct waiting *waiting = must_have(sizeof *waiting);
    must(pthread_mutex_init(&waiting->mutex, NULL) == 0);
    must(pthread_cond_init(&waiting->done, NULL) == 0);
    return waiting;
}

static void finish(void *arg, const struct kc_result *result) {
    struct waiting *waiting = arg;
    must(pthread_mutex_lock(&waiting->mutex) == 0);
    result_copy(&waiting->result, result);
    waiting->is_done = true;
    must(pthread_cond_signal(&waiting->done) == 0);
    must(pthread_mutex_unlock(&waiting->mutex) == 0);
}

struct kc_call waiting_call(struct waiting *waiting, int32_t timeout_ms) {
    must(!waiting->is_given);
    waiting->is_given = true;
    return (struct kc_call){ finish, waiting, timeout_ms };
}

const struct kc_result *waiting_end(struct waiting *waiting) {
    must(waiting->is_given);
    must(pthread_mutex_lock(&waiting->mutex) == 0);
    while (!waiting->is_done)
        must(pthread_cond_wait(&waiting->done, &waiting->mutex) == 0);
    must(pthread_mutex_unlock(&waiting->mutex) == 0);
    return &waiting->result.value;
}

void waiting_free(struct waiting *waiting) {
    if (!waiting) return;
    must(waiting->is_done == waiting->is_given);
    must(pthread_cond_destroy(&waiting->done) == 0);
    must(pthread_mutex_destroy(&waiting->mutex) == 0);
    result_dispose(&waiting->result);
    free(waiting);
}
