// SPDX-License-Identifier: Apache-2.0
// A ticket of TLS 1.3 that is used twice links two connections for whoever listens (RFC 8446,
// appendix C.4), and servers may refuse it; so each is taken out of the cache when it is used.
#include "consumer/security/tls_sessions.h"

#include "consumer/base/must.h"

#include <openssl/ssl.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

struct tls_session_host {
    char *key;
    SSL_SESSION *sessions[TLS_SESSIONS_OF_A_HOST]; // oldest first
    int count;
    UT_hash_handle hh;
};

static void drop_sessions(struct tls_session_host *host) {
    for (int i = 0; i < host->count; i++)
        SSL_SESSION_free(host->sessions[i]);
    host->count = 0;
}

static void drop_oldest(struct tls_session_host *host) {
    must(host->count > 0);
    SSL_SESSION_free(host->sessions[0]);
    host->count--;
    for (int i = 0; i < host->count; i++)
        host->sessions[i] = host->sessions[i + 1];
}

static void remove_host(struct tls_sessions *sessions, struct tls_session_host *host) {
    HASH_DEL(sessions->hosts, host);
    drop_sessions(host);
    free(host->key);
    free(host);
}

void tls_sessions_dispose(struct tls_sessions *sessions) {
    while (sessions->hosts)
        remove_host(sessions, sessions->hosts);
}

static struct tls_session_host *find_host(const struct tls_sessions *sessions, const char *key) {
    struct tls_session_host *host = NULL;
    HASH_FIND(hh, sessions->hosts, key, strlen(key), host);
    return host;
}

static struct tls_session_host *add_host(struct tls_sessions *sessions, const char *key) {
    if (HASH_COUNT(sessions->hosts) >= TLS_SESSIONS_MOST_HOSTS) {
        remove_host(sessions, sessions->hosts);
    }
    struct tls_session_host *host = must_alloc(sizeof *host);
    host->key = must_strdup(key);
    HASH_ADD_KEYPTR(hh, sessions->hosts, host->key, strlen(host->key), host);
    return host;
}

static bool is_for_one_use(const SSL_SESSION *session) {
    return SSL_SESSION_get_protocol_version(session) >= TLS1_3_VERSION;
}

void tls_sessions_put_take(struct tls_sessions *sessions, const char *key, SSL_SESSION *session) {
    must(session != NULL);
    struct tls_session_host *host = find_host(sessions, key);
    if (!host) host = add_host(sessions, key);
    if (!is_for_one_use(session)) drop_sessions(host);
    if (host->count == TLS_SESSIONS_OF_A_HOST) drop_oldest(host);
    host->sessions[host->count++] = session;
}

SSL_SESSION *tls_sessions_take(struct tls_sessions *sessions, const char *key) {
    struct tls_session_host *host = find_host(sessions, key);
    if (!host || host->count == 0) return NULL;
    SSL_SESSION *session = host->sessions[host->count - 1];
    if (is_for_one_use(session)) {
        host->count--;
        return session;
    }
    int referenced = SSL_SESSION_up_ref(session);
    must(referenced == 1);
    return session;
}

void tls_sessions_forget(struct tls_sessions *sessions, const char *key) {
    struct tls_session_host *host = find_host(sessions, key);
    if (host) remove_host(sessions, host);
}
