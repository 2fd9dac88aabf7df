// SPDX-License-Identifier: Apache-2.0
// Runs the loop. After each thing that happens (bytes, a timer, a letter) the engine concerned is
// stepped at once, and what its connections want is done.
#include "consumer/driver/loop.h"

#include "consumer/base/clock.h"
#include "consumer/base/log.h"
#include "consumer/base/must.h"
#include "consumer/driver/credentials.h"
#include "consumer/driver/host.h"
#include "consumer/driver/mailbox.h"
#include "consumer/driver/socket.h"
#include "consumer/engine/command.h"
#include "consumer/net/connection.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/random.h>
#include <utlist.h>

struct loop {
    uv_loop_t uv;
    uv_async_t async;
    pthread_t thread;
    struct log log;
    struct mailbox mailbox;
    struct host *hosts; // engine thread
    pthread_mutex_t removal_lock;
    pthread_cond_t removed;
};

// How often an engine may ask to be stepped again at once before others get their turn.
enum { MOST_STEPS_AT_ONCE = 32 };

uv_loop_t *host_uv(struct host *host) {
    return &host->loop->uv;
}

static void serve_connections(struct host *host) {
    struct connection *connection = engine_next_connection(host->engine, NULL);
    for (; connection; connection = engine_next_connection(host->engine, connection)) {
        // Before a close: it may be preceded by a goodbye.
        struct buf output = { 0 };
        if (connection_take_output(connection, &output)) socket_write_take(connection, output);
        switch (connection_take_want(connection)) {
        case CONNECTION_WANTS_NOTHING: break;
        case CONNECTION_WANTS_DIAL: socket_open(host, connection); break;
        case CONNECTION_WANTS_CLOSE: socket_close(connection); break;
        }
    }
}

static void on_timer(uv_timer_t *timer) {
    host_run(timer->data);
}

static void set_timer(struct host *host, int64_t due_ms, int64_t now_ms) {
    if (due_ms == INT64_MAX) {
        (void)uv_timer_stop(&host->timer);
        return;
    }
    uint64_t wait_ms = due_ms > now_ms ? (uint64_t)(due_ms - now_ms) : 0;
    uv_update_time(&host->loop->uv);
    int failed = uv_timer_start(&host->timer, on_timer, wait_ms, 0);
    must(failed == 0);
}

void host_run(struct host *host) {
    must(!host->is_running);
    host->is_running = true;
    int64_t now_ms = clock_now_ms();
    int64_t due_ms = now_ms;
    engine_set_wall_clock(host->engine, clock_wall_ms(), now_ms);
    for (int i = 0; i < MOST_STEPS_AT_ONCE && due_ms <= now_ms; i++) {
        engine_step(host->engine, now_ms);
        due_ms = engine_next_due_ms(host->engine, now_ms);
    }
    serve_connections(host);
    set_timer(host, due_ms, now_ms);
    host->is_running = false;
}

// All consumers of a runtime share the memory for prefetched records. A larger share is room for
// those that wait for some: they are stepped behind the mail.
static void share_out(struct loop *loop) {
    struct host *host;
    size_t count = 0;
    DL_COUNT(loop->hosts, host, count);
    DL_FOREACH(loop->hosts, host) {
        engine_set_share(host->engine, count);
        atomic_store(&host->is_woken, true);
    }
}

static void on_security_take(void *arg, struct security *security) {
    struct host *host = arg;
    engine_on_security_take(host->engine, security);
    host_run(host);
}

static void on_credentials_trouble(void *arg, const char *why) {
    struct host *host = arg;
    engine_on_security_trouble(host->engine, why);
    host_run(host);
}

static void on_part_closed(void *arg) {
    struct host *host = arg;
    struct loop *loop = host->loop;
    must(host->open_parts > 0);
    if (--host->open_parts > 0) return;
    credentials_free(host->credentials);
    engine_free(host->engine);
    (void)pthread_mutex_lock(&loop->removal_lock);
    host->engine = NULL;
    (void)pthread_cond_broadcast(&loop->removed);
    (void)pthread_mutex_unlock(&loop->removal_lock);
}

static void start_credentials(struct host *host) {
    struct credentials_listener listener = {
        .on_security_take = on_security_take,
        .on_trouble = on_credentials_trouble,
        .on_closed = on_part_closed,
        .arg = host,
    };
    host->open_parts++;
    credentials_start(host->credentials, &host->loop->uv, &host->loop->log, listener);
}

static void add(struct host *host) {
    must(host->engine != NULL);
    DL_APPEND(host->loop->hosts, host);
    share_out(host->loop);
    int failed = uv_timer_init(&host->loop->uv, &host->timer);
    must(failed == 0);
    host->timer.data = host;
    host->open_parts = 1;
    if (host->credentials) start_credentials(host);
    host_run(host);
}

static void on_timer_closed(uv_handle_t *timer) {
    on_part_closed(timer->data);
}

static void take_off(struct host *host) {
    must(engine_is_closed(host->engine));
    DL_DELETE(host->loop->hosts, host);
    share_out(host->loop);
    uv_close((uv_handle_t *)&host->timer, on_timer_closed);
    if (host->credentials) credentials_close(host->credentials);
}

static void open_mail(struct loop *loop, const struct mail *mail) {
    must(mail->host != NULL || mail->kind == MAIL_STOP);
    switch (mail->kind) {
    case MAIL_ADD: add(mail->host); return;
    case MAIL_COMMAND:
        engine_on_command_take(mail->host->engine, mail->command, clock_now_ms());
        atomic_store(&mail->host->is_woken, true);
        return;
    case MAIL_REFRESH:
        if (mail->host->credentials) credentials_refresh(mail->host->credentials);
        return;
    case MAIL_REMOVE: take_off(mail->host); return;
    case MAIL_STOP: uv_close((uv_handle_t *)&loop->async, NULL); return;
    }
    must(!"a letter of no kind");
}

static void on_async(uv_async_t *async) {
    struct loop *loop = async->data;
    struct mail *mail = mailbox_take_all(&loop->mailbox);
    while (mail) {
        struct mail *next = mail->next;
        open_mail(loop, mail);
        free(mail);
        mail = next;
    }
    struct host *host;
    DL_FOREACH(loop->hosts, host) {
        if (atomic_exchange(&host->is_woken, false)) host_run(host);
    }
}

static void *run(void *arg) {
    struct loop *loop = arg;
    sigset_t all;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_BLOCK, &all, NULL);
    (void)uv_run(&loop->uv, UV_RUN_DEFAULT);
    return NULL;
}

struct loop *loop_new(const struct log *log) {
    struct loop *loop = must_alloc(sizeof *loop);
    loop->log = *log;
    if (uv_loop_init(&loop->uv)) {
        free(loop);
        return NULL;
    }
    mailbox_init(&loop->mailbox);
    (void)pthread_mutex_init(&loop->removal_lock, NULL);
    (void)pthread_cond_init(&loop->removed, NULL);
    int failed = uv_async_init(&loop->uv, &loop->async, on_async);
    loop->async.data = loop;
    if (!failed) failed = pthread_create(&loop->thread, NULL, run, loop);
    if (failed) {
        (void)uv_loop_close(&loop->uv);
        mailbox_dispose(&loop->mailbox);
        free(loop);
        return NULL;
    }
    (void)pthread_setname_np(loop->thread, "kafka-engine");
    return loop;
}

static void post(
    struct loop *loop, enum mail_kind kind, struct host *host, struct command *command
) {
    mailbox_post(&loop->mailbox, kind, host, command);
    int failed = uv_async_send(&loop->async);
    must(failed == 0);
}

void loop_free(struct loop *loop) {
    if (!loop) return;
    post(loop, MAIL_STOP, NULL, NULL);
    int failed = pthread_join(loop->thread, NULL);
    must(failed == 0);
    must(loop->hosts == NULL);
    failed = uv_loop_close(&loop->uv);
    must(failed == 0);
    mailbox_dispose(&loop->mailbox);
    (void)pthread_mutex_destroy(&loop->removal_lock);
    (void)pthread_cond_destroy(&loop->removed);
    free(loop);
}

static void wake(void *arg) {
    struct host *host = arg;
    atomic_store(&host->is_woken, true);
    int failed = uv_async_send(&host->loop->async);
    must(failed == 0);
}

struct host *loop_add_take(
    struct loop *loop,
    const struct options *options,
    const struct listener *listener,
    struct credentials *credentials
) {
    struct host *host = must_alloc(sizeof *host);
    host->loop = loop;
    host->credentials = credentials;
    atomic_init(&host->is_woken, false);
    uint64_t seed = 0;
    if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed) seed = (uint64_t)clock_wall_ms();
    host->engine = engine_new(options, &loop->log, seed, wake, host, listener);
    post(loop, MAIL_ADD, host, NULL);
    return host;
}

void loop_post_take(struct host *host, struct command *command) {
    post(host->loop, MAIL_COMMAND, host, command);
}

void loop_refresh_credentials(struct host *host) {
    post(host->loop, MAIL_REFRESH, host, NULL);
}

struct queue *loop_queue(struct host *host) {
    return engine_queue(host->engine);
}

void loop_remove(struct host *host) {
    struct loop *loop = host->loop;
    post(loop, MAIL_REMOVE, host, NULL);
    (void)pthread_mutex_lock(&loop->removal_lock);
    while (host->engine)
        (void)pthread_cond_wait(&loop->removed, &loop->removal_lock);
    (void)pthread_mutex_unlock(&loop->removal_lock);
    free(host);
}
