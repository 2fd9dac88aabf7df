// SPDX-License-Identifier: Apache-2.0
// The callbacks of libmicrohttpd. Without MHD_USE_TURBO it would shut sockets down before it tells
// of their end, and nothing could be learnt from them any more (see delivery.h).
#include "server/http/server.h"

#include "server/base/clock.h"
#include "server/base/must.h"
#include "server/consumers/registry.h"
#include "server/http/clients.h"
#include "server/http/connection.h"
#include "server/http/dispatch.h"
#include "server/http/routes.h"
#include "server/http/tls.h"
#include "server/journal.h"
#include "server/listener.h"
#include "server/metrics.h"
#include "server/settings.h"

#include <ctype.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    REFUSED_CONNECTIONS = 64,
    MANAGEMENT_CONNECTIONS = 64,
    NOTES_BYTES = 8 << 10,
    MANY_PARAMETERS = 64
};

struct http_server {
    struct service *service;
    struct listener listener;
    bool is_management;
    unsigned port;
    struct MHD_Daemon *daemon;
    struct clients *clients;
    struct patrol *patrol;
    pthread_mutex_t mutex; ///< guards the counts
    pthread_cond_t idle;   ///< signalled when one of them gets 0
    int64_t connection_count;
    int64_t request_count;
};

static void lock(struct http_server *server) {
    must(pthread_mutex_lock(&server->mutex) == 0);
}

static void unlock(struct http_server *server) {
    must(pthread_mutex_unlock(&server->mutex) == 0);
}

static int64_t change(struct http_server *server, int64_t *count, int64_t amount) {
    lock(server);
    int64_t now = *count += amount;
    must(now >= 0);
    if (now == 0) must(pthread_cond_broadcast(&server->idle) == 0);
    unlock(server);
    return now;
}

static int64_t count_connection(struct http_server *server, int64_t amount) {
    int64_t count = change(server, &server->connection_count, amount);
    enum metric metric = server->is_management ? METRIC_MANAGEMENT_CONNECTIONS : METRIC_CONNECTIONS;
    metrics_add(server->service->metrics, metric, amount);
    return count;
}

static int fd_of(struct MHD_Connection *mhd) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
    must(info != NULL);
    return info->connect_fd;
}

static struct connection *connection_of(struct MHD_Connection *mhd) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    must(info != NULL && info->socket_context != NULL);
    return info->socket_context;
}

/// Counts a new connection; says which limit it is beyond, NULL for none.
static const char *admit(struct http_server *server, const struct peer *peer) {
    const struct settings *settings = server->service->settings;
    struct metrics *metrics = server->service->metrics;
    int64_t most = settings_number(settings, SETTING_HTTP_MAX_CONNECTIONS);
    int64_t most_of_one = settings_number(settings, SETTING_HTTP_MAX_CONNECTIONS_PER_CLIENT);
    int64_t count = count_connection(server, 1);
    int64_t count_of_one = clients_add(server->clients, peer);
    if (server->is_management) return NULL;
    if (count > most) {
        metrics_add(metrics, METRIC_CONNECTIONS_REFUSED, 1);
        return "http.max.connections is reached";
    }
    if (count_of_one <= most_of_one) return NULL;
    metrics_add(metrics, METRIC_CONNECTIONS_REFUSED_TO_CLIENT, 1);
    return "http.max.connections.per.client is reached";
}

/// What has come until now was no request.
static void on_shaken(void *arg) {
    struct connection *connection = arg;
    if (connection->refused_for) return;
    patrol_enter(connection->patrol, &connection->patrolled, PATROL_QUIET);
}

/// NULL for a plain connection.
static struct tls_identity *begin_tls(
    struct http_server *server, struct connection *connection, struct MHD_Connection *mhd
) {
    struct tls *tls = server->service->tls;
    if (!tls || server->is_management) return NULL;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    must(info != NULL && info->tls_session != NULL);
    connection->handshake = (struct tls_watch){ on_shaken, connection };
    return tls_begin(tls, info->tls_session, &connection->handshake, clock_ms());
}

static void open_connection(
    struct http_server *server, struct MHD_Connection *mhd, void **context
) {
    struct connection *connection = must_have(sizeof *connection);
    connection->service = server->service;
    connection->is_management = server->is_management;
    peer_init(&connection->peer, fd_of(mhd));
    *context = connection;
    connection->patrol = server->patrol;
    connection->identity = begin_tls(server, connection, mhd);
    connection->refused_for = admit(server, &connection->peer);
    bool is_urgent = connection->refused_for != NULL;
    patrol_add(server->patrol, &connection->patrolled, &connection->peer, is_urgent);
}

static void end_request(struct http_server *server, struct request *request) {
    if (request->abandon) request->abandon(request);
    request->connection->request = NULL;
    request_free(request);
    (void)change(server, &server->request_count, -1);
}

/// libmicrohttpd does not tell of the end of a request whose query it had no room for.
static void close_connection(struct http_server *server, void **context) {
    struct connection *connection = *context;
    must(connection != NULL);
    if (connection->request) end_request(server, connection->request);
    if (!server->is_management) {
        registry_on_close(server->service->consumers, &connection->peer);
    }
    patrol_remove(server->patrol, &connection->patrolled);
    tls_end(server->service->tls, connection->identity);
    clients_remove(server->clients, &connection->peer);
    free(connection);
    *context = NULL;
    (void)count_connection(server, -1);
}

static void on_connection(
    void *arg, struct MHD_Connection *mhd, void **context, enum MHD_ConnectionNotificationCode code
) {
    switch (code) {
    case MHD_CONNECTION_NOTIFY_STARTED: open_connection(arg, mhd, context); return;
    case MHD_CONNECTION_NOTIFY_CLOSED: close_connection(arg, context); return;
    }
}

/// libmicrohttpd notes each parameter of a query. When it has no room for more it has an answer,
/// but gives it only when something happens on the connection: this does.
static void provide_for_many_parameters(const char *uri, struct MHD_Connection *mhd) {
    size_t count = 0;
    for (const char *at = uri; *at; at++)
        count += *at == '&';
    if (count < MANY_PARAMETERS) return;
    MHD_suspend_connection(mhd);
    MHD_resume_connection(mhd);
}

/// Called at the first line of a request: what is returned is its context from then on.
static void *on_first_line(void *arg, const char *uri, struct MHD_Connection *mhd) {
    struct http_server *server = arg;
    struct connection *connection = connection_of(mhd);
    provide_for_many_parameters(uri, mhd);
    (void)change(server, &server->request_count, 1);
    connection->bad_escape = false;
    patrol_enter(server->patrol, &connection->patrolled, PATROL_RECEIVING);
    if (connection->request) end_request(server, connection->request);
    connection->request = request_new(connection, mhd);
    return connection->request;
}

static int hex_digit(char c) {
    if (!isxdigit((unsigned char)c)) return -1;
    return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

/// Decodes %xx in place; returns the length. What is no escape, or a NUL, is noted and left.
static size_t on_unescape(void *arg, struct MHD_Connection *mhd, char *text) {
    (void)arg;
    char *to = text;
    for (const char *at = text; *at; at++, to++) {
        *to = *at;
        if (*at != '%') continue;
        int high = hex_digit(at[1]);
        int low = high < 0 ? -1 : hex_digit(at[2]);
        if (low < 0 || (high == 0 && low == 0)) {
            connection_of(mhd)->bad_escape = true;
            continue;
        }
        *to = (char)(high << 4 | low);
        at += 2;
    }
    *to = '\0';
    return (size_t)(to - text);
}

// NOLINTNEXTLINE(readability-function-size): the parameters are those of libmicrohttpd
static enum MHD_Result on_request(
    void *arg,
    struct MHD_Connection *mhd,
    const char *path,
    const char *method,
    const char *version,
    const char *body,
    size_t *body_size,
    void **context
) {
    struct http_server *server = arg;
    struct request *request = *context;
    (void)mhd;
    must(request != NULL);
    if (!request->has_begun) {
        dispatch_begin(request, method, path, version);
    } else if (*body_size > 0) {
        size_t size = *body_size;
        *body_size = 0;
        if (!dispatch_body(request, body, size)) return MHD_NO;
    } else if (request->stage == REQUEST_WAITING) {
        request_wake(request);
    } else if (request->stage == REQUEST_RECEIVING) {
        patrol_enter(server->patrol, &request->connection->patrolled, PATROL_ANSWERING);
        dispatch_run(request);
    }
    return request->stage == REQUEST_DROPPED ? MHD_NO : MHD_YES;
}

/// Heads that are too large for libmicrohttpd are answered by itself, before anybody is asked.
static void count_end(
    struct http_server *server,
    struct MHD_Connection *mhd,
    const struct request *request,
    enum MHD_RequestTerminationCode code
) {
    struct metrics *metrics = server->service->metrics;
    bool timed_out = code == MHD_REQUEST_TERMINATED_TIMEOUT_REACHED;
    if (timed_out && request->stage == REQUEST_ANSWERED)
        metrics_add(metrics, METRIC_ANSWERS_CUT, 1);
    if (request->has_begun) return;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_HTTP_STATUS);
    bool too_large = info && info->http_status == MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE;
    if (too_large) metrics_add(metrics, METRIC_HEADERS_REFUSED, 1);
}

static void on_completed(
    void *arg, struct MHD_Connection *mhd, void **context, enum MHD_RequestTerminationCode code
) {
    struct http_server *server = arg;
    struct request *request = *context;
    if (!request) return;
    count_end(server, mhd, request, code);
    patrol_enter(server->patrol, &request->connection->patrolled, PATROL_QUIET);
    if (!server->is_management) {
        bool whole = code == MHD_REQUEST_TERMINATED_COMPLETED_OK;
        registry_on_sent(server->service->consumers, &request->connection->peer, whole);
    }
    const char *path = request->route ? request->route->path : "-";
    journal_line(
        server->service->journal,
        KC_LOG_DEBUG,
        "request",
        "ended",
        "path=%s status=%u",
        path,
        request->answered_with
    );
    end_request(server, request);
    *context = NULL;
}

/// Memory of a connection: room for a head above the bound, so that it is ours to answer, and for
/// what is noted of it. libmicrohttpd touches all of it.
static size_t memory_bytes(const struct settings *settings) {
    size_t head_bytes = (size_t)settings_number(settings, SETTING_HTTP_MAX_HEADER_BYTES);
    must(head_bytes > 0);
    return 2 * head_bytes + NOTES_BYTES;
}

int64_t http_server_descriptors(const struct settings *settings) {
    return settings_number(settings, SETTING_HTTP_MAX_CONNECTIONS) + REFUSED_CONNECTIONS +
           MANAGEMENT_CONNECTIONS;
}

static struct MHD_Daemon *start_daemon(struct http_server *server, int fd) {
    const struct settings *settings = server->service->settings;
    int64_t most = server->is_management ? MANAGEMENT_CONNECTIONS
                                         : settings_number(settings, SETTING_HTTP_MAX_CONNECTIONS) +
                                               REFUSED_CONNECTIONS;
    int64_t idle_s = settings_number(settings, SETTING_HTTP_IDLE_TIMEOUT_MS) / 1000;
    bool has_tls = server->service->tls && !server->is_management;
    struct MHD_OptionItem tls_options[] = {
        { MHD_OPTION_HTTPS_CERT_CALLBACK, 0, tls_no_certificate() },
        { MHD_OPTION_HTTPS_PRIORITIES, 0, tls_priorities() },
        { MHD_OPTION_END, 0, NULL },
    };
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_TURBO | MHD_ALLOW_SUSPEND_RESUME;
    return MHD_start_daemon(
        flags | (has_tls ? MHD_USE_TLS : 0),
        0,
        NULL,
        NULL,
        on_request,
        server,
        MHD_OPTION_LISTEN_SOCKET,
        fd,
        MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)most,
        MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)idle_s,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        memory_bytes(settings),
        MHD_OPTION_NOTIFY_CONNECTION,
        on_connection,
        server,
        MHD_OPTION_NOTIFY_COMPLETED,
        on_completed,
        server,
        MHD_OPTION_URI_LOG_CALLBACK,
        on_first_line,
        server,
        MHD_OPTION_UNESCAPE_CALLBACK,
        on_unescape,
        server,
        MHD_OPTION_ARRAY,
        has_tls ? tls_options : &tls_options[2],
        MHD_OPTION_END
    );
}

struct http_server *http_server_new(
    struct service *service, const struct listener *listener, bool is_management
) {
    struct listener open = *listener;
    int fd = listener_open(&open);
    if (fd < 0) return NULL;
    pthread_condattr_t monotonic;
    struct http_server *server = must_have(sizeof *server);
    server->service = service;
    server->listener = open;
    server->is_management = is_management;
    server->port = listener_port(fd);
    must(pthread_mutex_init(&server->mutex, NULL) == 0);
    must(pthread_condattr_init(&monotonic) == 0);
    must(pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0);
    must(pthread_cond_init(&server->idle, &monotonic) == 0);
    (void)pthread_condattr_destroy(&monotonic);
    if (is_management) {
        metrics_add(service->metrics, METRIC_MANAGEMENT_CONNECTIONS_LIMIT, MANAGEMENT_CONNECTIONS);
    }
    server->clients = clients_new();
    server->patrol = patrol_new(
        settings_number(service->settings, SETTING_HTTP_READ_TIMEOUT_MS), service->metrics
    );
    server->daemon = start_daemon(server, fd);
    if (server->daemon) return server;
    int error = errno;
    (void)close(fd);
    http_server_free(server);
    errno = error;
    return NULL;
}

unsigned http_server_port(const struct http_server *server) {
    return server->port;
}

static bool wait_for_none(struct http_server *server, const int64_t *count, int64_t timeout_ms) {
    struct timespec until;
    must(timeout_ms >= 0);
    must(clock_gettime(CLOCK_MONOTONIC, &until) == 0);
    until.tv_nsec += timeout_ms % 1000 * 1000000;
    until.tv_sec += timeout_ms / 1000 + until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    int waited = 0;
    lock(server);
    while (*count > 0 && waited == 0)
        waited = pthread_cond_timedwait(&server->idle, &server->mutex, &until);
    bool none = *count == 0;
    unlock(server);
    return none;
}

bool http_server_wait_idle(struct http_server *server, int64_t timeout_ms) {
    return wait_for_none(server, &server->connection_count, timeout_ms);
}

bool http_server_wait_answered(struct http_server *server, int64_t timeout_ms) {
    return wait_for_none(server, &server->request_count, timeout_ms);
}

void http_server_free(struct http_server *server) {
    if (!server) return;
    if (server->daemon) MHD_stop_daemon(server->daemon);
    must(server->connection_count == 0);
    patrol_free(server->patrol);
    clients_free(server->clients);
    must(pthread_cond_destroy(&server->idle) == 0);
    must(pthread_mutex_destroy(&server->mutex) == 0);
    listener_remove(&server->listener);
    free(server);
}
