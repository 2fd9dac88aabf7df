// SPDX-License-Identifier: Apache-2.0
// Sessions that can be resumed, by host and port. Those of TLS 1.3 are given out once, the newest
// first; that of TLS 1.2 as often as it is wanted. Engine thread.
#pragma once

struct ssl_session_st;
struct tls_session_host;

/// The bounds. When one more host comes, the one that was added first is forgotten.
enum { TLS_SESSIONS_MOST_HOSTS = 256, TLS_SESSIONS_OF_A_HOST = 4 };

/// The sessions. Zeroed: empty.
struct tls_sessions {
    struct tls_session_host *hosts; ///< uthash, in order of addition
};

/// Forgets all.
void tls_sessions_dispose(struct tls_sessions *sessions);

/// Keeps a session, whose reference is owned here from now on. `key` is copied.
void tls_sessions_put_take(
    struct tls_sessions *sessions, const char *key, struct ssl_session_st *session
);

/// A session to resume, or NULL; the caller owns the reference.
struct ssl_session_st *tls_sessions_take(struct tls_sessions *sessions, const char *key);

/// Forgets what is known of one host.
void tls_sessions_forget(struct tls_sessions *sessions, const char *key);
