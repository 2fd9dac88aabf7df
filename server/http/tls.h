// SPDX-License-Identifier: Apache-2.0
// TLS of the API: the server's certificate, and the authorities whose clients are let in. Read from
// files, and again when they change. tls_begin() is the HTTP thread's; the rest is any thread's.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct gnutls_session_int; // a gnutls_session_t points to it; GnuTLS's header has names of ours
struct journal;

enum { TLS_ERROR_BYTES = 512 };

/// PEM files.
struct tls_files {
    const char *certificate; ///< the server's, with its chain behind it
    const char *key;
    const char *client_ca; ///< "": clients need no certificate
};

/// Versions and ciphers as GnuTLS spells them: a static text, as libmicrohttpd takes it.
void *tls_priorities(void);

/// A source of certificates that has none, for libmicrohttpd, which wants one although every
/// session gets its own: a gnutls_certificate_retrieve_function2 as libmicrohttpd takes it.
void *tls_no_certificate(void);

/// The files and what was last read from them.
struct tls;

/// Who is told, on the HTTP thread, when the handshake of a session is over.
struct tls_watch {
    void (*on_shaken)(void *arg);
    void *arg;
};

/// What was read at one time, used by connections that began then.
struct tls_identity;

/// Reads the files, whose names are copied; freed by the caller. NULL with a sentence in `error`.
/// The journal must outlive it.
struct tls *tls_new(
    const struct tls_files *files, struct journal *journal, char error[TLS_ERROR_BYTES]
);

/// Frees it; no connection uses it any more. NULL is fine.
void tls_free(struct tls *tls);

/// Gives a new session the newest certificate, after a look at the files (once a second). What is
/// returned, and `watch`, must be kept until the session is over: tls_end().
struct tls_identity *tls_begin(
    struct tls *tls, struct gnutls_session_int *session, struct tls_watch *watch, int64_t now_ms
);

/// The session is over. NULL is fine.
void tls_end(struct tls *tls, struct tls_identity *identity);

/// Reads the files now. When that fails the old ones stay in use; false with a sentence in `error`.
bool tls_reload(struct tls *tls, char error[TLS_ERROR_BYTES]);
