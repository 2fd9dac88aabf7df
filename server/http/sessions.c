// SPDX-License-Identifier: Apache-2.0
// One change at a time: the old session is fenced, then the delivery takes back what is in doubt
// and rewinds, then the new one is current. The mutex is taken before those of the parts.
#include "server/http/sessions.h"

#include "server/base/must.h"
#include "server/http/delivery.h"
#include "server/http/events.h"
#include "server/http/poller.h"
#include "server/json/writer.h"
#include "server/metrics.h"
#include "server/settings.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <utlist.h>

/// Each state lists the next ones in `may_follow`.
enum state {
    STATE_NONE,     ///< no session is current: none has come yet, or its change has failed
    STATE_CHANGING, ///< the session before is fenced, what it leaves behind is being undone
    STATE_CURRENT,
};

static const unsigned may_follow[] = {
    [STATE_NONE] = 1u << STATE_CHANGING,
    [STATE_CHANGING] = 1u << STATE_CURRENT | 1u << STATE_NONE,
    [STATE_CURRENT] = 1u << STATE_CHANGING,
};

/// A call that came while the session changes.
struct waiting {
    struct waiting *prev; ///< utlist
    struct waiting *next;
    struct kc_call call;
};

struct sessions {
    pthread_mutex_t mutex;
    struct sessions_parts parts;
    struct metrics *metrics;
    enum state state;
    char *id;                ///< of the session that is current or will be; NULL: none
    int64_t number;          ///< of that session, or of the last: 1, 2, …
    int64_t since_ms;        ///< wall clock, when it became current
    struct kc_call begun_by; ///< while changing: of the call that brought the session
    struct waiting *waiting;
    uint64_t *fenced; ///< hashes of the ids of old sessions, used round and round
    size_t fenced_capacity;
    uint64_t fenced_count; ///< so far; the last `fenced_capacity` of them are remembered
};

static void lock(struct sessions *sessions) {
    must(pthread_mutex_lock(&sessions->mutex) == 0);
}

static void unlock(struct sessions *sessions) {
    must(pthread_mutex_unlock(&sessions->mutex) == 0);
}

static int64_t wall_ms(void) {
    struct timespec now;
    must(clock_gettime(CLOCK_REALTIME, &now) == 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/// The one writer of the state.
static void enter(struct sessions *sessions, enum state state) {
    must(may_follow[sessions->state] & 1u << state);
    sessions->state = state;
    if (state == STATE_CURRENT) sessions->since_ms = wall_ms();
    if (state != STATE_NONE) return;
    free(sessions->id);
    sessions->id = NULL;
}

struct sessions *sessions_new(
    const struct settings *settings, struct metrics *metrics, const struct sessions_parts *parts
) {
    must(parts->delivery && parts->events && parts->poller);
    struct sessions *sessions = must_have(sizeof *sessions);
    must(pthread_mutex_init(&sessions->mutex, NULL) == 0);
    sessions->parts = *parts;
    sessions->metrics = metrics;
    sessions->fenced_capacity = (size_t)settings_number(settings, SETTING_SESSIONS_FENCED_SIZE);
    sessions->fenced = must_have(sessions->fenced_capacity * sizeof *sessions->fenced);
    return sessions;
}

void sessions_free(struct sessions *sessions) {
    if (!sessions) return;
    must(sessions->state != STATE_CHANGING && !sessions->waiting);
    must(pthread_mutex_destroy(&sessions->mutex) == 0);
    free(sessions->fenced);
    free(sessions->id);
    free(sessions);
}

bool session_is_id(const char *id) {
    must(id != NULL);
    size_t size = 0;
    while (id[size] > ' ' && id[size] <= '~')
        size++;
    return size > 0 && size <= SESSION_MOST_BYTES && id[size] == '\0';
}

/// FNV-1a: ids are chosen by the application, not by somebody who wants them to collide.
static uint64_t hash(const char *id) {
    uint64_t value = 0xcbf29ce484222325u;
    for (; *id; id++)
        value = (value ^ (uint8_t)*id) * 0x100000001b3u;
    return value;
}

static size_t remembered(const struct sessions *sessions) {
    bool full = sessions->fenced_count >= sessions->fenced_capacity;
    return full ? sessions->fenced_capacity : (size_t)sessions->fenced_count;
}

static bool is_fenced(const struct sessions *sessions, const char *id) {
    uint64_t wanted = hash(id);
    for (size_t i = 0; i < remembered(sessions); i++) {
        if (sessions->fenced[i] == wanted) return true;
    }
    return false;
}

static void fence(struct sessions *sessions) {
    must(sessions->id != NULL);
    sessions->fenced[sessions->fenced_count % sessions->fenced_capacity] = hash(sessions->id);
    sessions->fenced_count++;
    metrics_add(sessions->metrics, METRIC_SESSIONS_FENCED, 1);
}

static bool is_current(const struct sessions *sessions, const char *id) {
    return sessions->state == STATE_CURRENT && strcmp(sessions->id, id) == 0;
}

enum session_answer sessions_ask(struct sessions *sessions, const char *id, int64_t *number) {
    enum session_answer answer = SESSION_WAIT;
    *number = 0;
    lock(sessions);
    if (id && !is_current(sessions, id) && is_fenced(sessions, id)) {
        answer = SESSION_IS_OVER;
        metrics_add(sessions->metrics, METRIC_SESSIONS_LATE_CALLS, 1);
    } else if (sessions->state != STATE_CHANGING && (!id || is_current(sessions, id))) {
        answer = SESSION_ADMITTED;
        if (id) *number = sessions->number;
    }
    unlock(sessions);
    return answer;
}

/// The change is over, on the engine's thread: all that wait are told, the first one how it went.
static void on_rewound(void *arg, const struct kc_result *result) {
    static const struct kc_result over = { .status = KC_OK, .message = "" };
    struct sessions *sessions = arg;
    lock(sessions);
    enter(sessions, result->status == KC_OK ? STATE_CURRENT : STATE_NONE);
    struct kc_call begun_by = sessions->begun_by;
    struct waiting *list = sessions->waiting;
    sessions->waiting = NULL;
    unlock(sessions);
    begun_by.done(begun_by.arg, result);
    struct waiting *waiting;
    struct waiting *next;
    DL_FOREACH_SAFE(list, waiting, next) {
        waiting->call.done(waiting->call.arg, &over);
        free(waiting);
    }
}

static void change(struct sessions *sessions, const char *id, struct kc_call call) {
    if (sessions->state == STATE_CURRENT) fence(sessions);
    free(sessions->id);
    sessions->id = must_copy(id);
    sessions->number++;
    sessions->begun_by = call;
    metrics_add(sessions->metrics, METRIC_SESSIONS, 1);
    enter(sessions, STATE_CHANGING);
    poller_excuse(sessions->parts.poller);
    events_fence(sessions->parts.events, sessions->number);
    delivery_rewind(sessions->parts.delivery, (struct kc_call){ on_rewound, sessions, 0 });
}

void sessions_wait(struct sessions *sessions, const char *id, struct kc_call call) {
    bool at_once = false;
    lock(sessions);
    if (sessions->state == STATE_CHANGING) {
        struct waiting *waiting = must_have(sizeof *waiting);
        waiting->call = call;
        DL_APPEND(sessions->waiting, waiting);
    } else if (!id || is_current(sessions, id) || is_fenced(sessions, id)) {
        at_once = true; // the change came to its end meanwhile
    } else {
        change(sessions, id, call);
    }
    unlock(sessions);
    if (at_once) call.done(call.arg, &(struct kc_result){ .status = KC_OK, .message = "" });
}

bool sessions_is_over(struct sessions *sessions, int64_t number) {
    must(number >= 0);
    lock(sessions);
    bool over = number > 0 && number != sessions->number;
    unlock(sessions);
    return over;
}

void sessions_write(struct sessions *sessions, struct out *out) {
    writer_begin_object(out);
    lock(sessions);
    bool current = sessions->state == STATE_CURRENT;
    writer_member_string(out, "id", current ? sessions->id : NULL);
    writer_member_known(out, "since_ms", current ? sessions->since_ms : -1);
    writer_member_integer(out, "fenced", (int64_t)sessions->fenced_count);
    unlock(sessions);
    writer_end_object(out);
}
