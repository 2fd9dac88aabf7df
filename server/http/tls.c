// SPDX-License-Identifier: Apache-2.0
// libmicrohttpd makes the session; before its handshake the session gets credentials of ours in
// place of the daemon's, which has none. Credentials are counted, since a handshake may still use
// them when newer ones have come.
#include "server/http/tls.h"

#include "server/base/must.h"
#include "server/journal.h"

#include <gnutls/abstract.h>
#include <gnutls/x509.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { CHECK_EVERY_MS = 1000, FILE_COUNT = 3 };

static const char *const setting_names[FILE_COUNT] = { "http.tls.certificate.file",
                                                       "http.tls.key.file",
                                                       "http.tls.client.ca.file" };

struct tls_identity {
    gnutls_certificate_credentials_t credentials;
    bool asks_clients;
    size_t user_count; ///< connections, and the tls while it is the newest
};

struct tls {
    struct journal *journal;
    char *paths[FILE_COUNT];
    pthread_mutex_t mutex; ///< guards what follows, and all counts
    struct stat seen[FILE_COUNT];
    int64_t checked_at_ms;
    struct tls_identity *newest;
};

// NOLINTBEGIN(readability-function-size,readability-non-const-parameter): it is GnuTLS's to say
static int give_none(
    gnutls_session_t session,
    const gnutls_datum_t *authorities,
    int authority_count,
    const gnutls_pk_algorithm_t *algorithms,
    int algorithm_count,
    gnutls_pcert_st **certificates,
    unsigned *certificate_count,
    gnutls_privkey_t *key
) {
    (void)session, (void)authorities, (void)authority_count;
    (void)algorithms, (void)algorithm_count;
    (void)certificates, (void)certificate_count, (void)key;
    return -1;
}

// NOLINTEND(readability-function-size,readability-non-const-parameter)

void *tls_priorities(void) {
    static char text[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2";
    return text;
}

void *tls_no_certificate(void) {
    gnutls_certificate_retrieve_function2 *function = give_none;
    void *pointer;
    _Static_assert(sizeof pointer == sizeof function, "as POSIX has it");
    memcpy(&pointer, &function, sizeof pointer);
    return pointer;
}

static bool refuse(char error[TLS_ERROR_BYTES], size_t file, const char *path, const char *why) {
    must(file < FILE_COUNT);
    (void)snprintf(error, TLS_ERROR_BYTES, "%s: %.300s: %s", setting_names[file], path, why);
    return false;
}

static void forget(gnutls_datum_t *bytes) {
    if (bytes->data) explicit_bzero(bytes->data, bytes->size);
    gnutls_free(bytes->data);
    *bytes = (gnutls_datum_t){ NULL, 0 };
}

static bool is_certificate(const gnutls_datum_t *bytes) {
    gnutls_x509_crt_t *list = NULL;
    unsigned count = 0;
    if (gnutls_x509_crt_list_import2(&list, &count, bytes, GNUTLS_X509_FMT_PEM, 0) < 0)
        return false;
    for (unsigned i = 0; i < count; i++)
        gnutls_x509_crt_deinit(list[i]);
    gnutls_free(list);
    return count > 0;
}

static bool is_key(const gnutls_datum_t *bytes) {
    gnutls_x509_privkey_t key;
    must(gnutls_x509_privkey_init(&key) == 0);
    int code = gnutls_x509_privkey_import2(key, bytes, GNUTLS_X509_FMT_PEM, NULL, 0);
    gnutls_x509_privkey_deinit(key);
    return code == 0;
}

/// Puts the bytes of the files into credentials.
static bool fill(
    gnutls_certificate_credentials_t credentials,
    const gnutls_datum_t bytes[FILE_COUNT],
    const char *const paths[FILE_COUNT],
    char error[TLS_ERROR_BYTES]
) {
    if (!is_certificate(&bytes[0])) return refuse(error, 0, paths[0], "no certificate in PEM");
    if (!is_key(&bytes[1])) return refuse(error, 1, paths[1], "no key in PEM without a password");
    int code = gnutls_certificate_set_x509_key_mem2(
        credentials, &bytes[0], &bytes[1], GNUTLS_X509_FMT_PEM, NULL, 0
    );
    if (code < 0) return refuse(error, 1, paths[1], "not the key of the certificate");
    if (!bytes[2].data) return true;
    code = gnutls_certificate_set_x509_trust_mem(credentials, &bytes[2], GNUTLS_X509_FMT_PEM);
    return code > 0 || refuse(error, 2, paths[2], "no certificate in PEM");
}

/// Reads the files into new credentials, used by the caller; NULL with a sentence in `error`.
static struct tls_identity *read_identity(
    const char *const paths[FILE_COUNT], char error[TLS_ERROR_BYTES]
) {
    gnutls_datum_t bytes[FILE_COUNT] = { { NULL, 0 } };
    struct tls_identity *identity = must_have(sizeof *identity);
    bool good = true;
    must(gnutls_certificate_allocate_credentials(&identity->credentials) == 0);
    for (size_t i = 0; good && i < FILE_COUNT; i++) {
        if (paths[i][0] == '\0') continue;
        if (gnutls_load_file(paths[i], &bytes[i]) < 0) {
            good = refuse(error, i, paths[i], "the file can't be read");
        }
    }
    good = good && fill(identity->credentials, bytes, paths, error);
    for (size_t i = 0; i < FILE_COUNT; i++)
        forget(&bytes[i]);
    identity->asks_clients = paths[2][0] != '\0';
    identity->user_count = 1;
    if (good) return identity;
    gnutls_certificate_free_credentials(identity->credentials);
    free(identity);
    return NULL;
}

static void list_paths(const struct tls_files *files, const char *paths[FILE_COUNT]) {
    must(files->certificate && files->key && files->client_ca);
    paths[0] = files->certificate;
    paths[1] = files->key;
    paths[2] = files->client_ca;
}

/// The lock is held, or there is nobody to hold it against.
static void unref(struct tls_identity *identity) {
    must(identity->user_count > 0);
    if (--identity->user_count > 0) return;
    gnutls_certificate_free_credentials(identity->credentials);
    free(identity);
}

static void look(const struct tls *tls, struct stat seen[FILE_COUNT]) {
    for (size_t i = 0; i < FILE_COUNT; i++) {
        seen[i] = (struct stat){ 0 };
        if (stat(tls->paths[i], &seen[i]) != 0) seen[i] = (struct stat){ 0 };
    }
}

static bool is_another(const struct stat *a, const struct stat *b) {
    return a->st_dev != b->st_dev || a->st_ino != b->st_ino || a->st_size != b->st_size ||
           memcmp(&a->st_mtim, &b->st_mtim, sizeof a->st_mtim) != 0 ||
           memcmp(&a->st_ctim, &b->st_ctim, sizeof a->st_ctim) != 0;
}

/// The lock is held.
static bool reload(struct tls *tls, char error[TLS_ERROR_BYTES]) {
    const char *paths[FILE_COUNT] = { tls->paths[0], tls->paths[1], tls->paths[2] };
    look(tls, tls->seen);
    struct tls_identity *identity = read_identity(paths, error);
    if (!identity) return false;
    if (tls->newest) unref(tls->newest);
    tls->newest = identity;
    return true;
}

struct tls *tls_new(
    const struct tls_files *files, struct journal *journal, char error[TLS_ERROR_BYTES]
) {
    must(journal != NULL);
    const char *paths[FILE_COUNT];
    struct tls *tls = must_have(sizeof *tls);
    list_paths(files, paths);
    tls->journal = journal;
    for (size_t i = 0; i < FILE_COUNT; i++)
        tls->paths[i] = must_copy(paths[i]);
    must(pthread_mutex_init(&tls->mutex, NULL) == 0);
    if (reload(tls, error)) return tls;
    tls_free(tls);
    return NULL;
}

void tls_free(struct tls *tls) {
    if (!tls) return;
    if (tls->newest) {
        must(tls->newest->user_count == 1);
        unref(tls->newest);
    }
    for (size_t i = 0; i < FILE_COUNT; i++)
        free(tls->paths[i]);
    must(pthread_mutex_destroy(&tls->mutex) == 0);
    free(tls);
}

/// The lock is held. New files that are no good are told once, and again when they change.
static void follow_files(struct tls *tls, int64_t now_ms) {
    char error[TLS_ERROR_BYTES];
    struct stat now[FILE_COUNT];
    bool changed = false;
    if (now_ms - tls->checked_at_ms < CHECK_EVERY_MS && now_ms >= tls->checked_at_ms) return;
    tls->checked_at_ms = now_ms;
    look(tls, now);
    for (size_t i = 0; i < FILE_COUNT; i++)
        changed = changed || is_another(&now[i], &tls->seen[i]);
    if (!changed) return;
    if (reload(tls, error)) {
        journal_line(tls->journal, KC_LOG_INFO, "tls", "read", "file=\"%s\"", tls->paths[0]);
    } else {
        journal_line(tls->journal, KC_LOG_ERROR, "tls", "kept", "why=\"%s\"", error);
    }
}

/// With the client's Finished all that it says in a handshake has come.
static int on_finished(
    gnutls_session_t session,
    unsigned type,
    unsigned when,
    unsigned is_incoming,
    const gnutls_datum_t *message
) {
    (void)type, (void)when, (void)message;
    const struct tls_watch *watch = gnutls_db_get_ptr(session);
    must(watch != NULL);
    if (is_incoming) watch->on_shaken(watch->arg);
    return 0;
}

/// There is no database of sessions, hence its pointer is free; that of the session is
/// libmicrohttpd's.
static void watch_handshake(gnutls_session_t session, struct tls_watch *watch) {
    must(watch->on_shaken != NULL);
    gnutls_db_set_ptr(session, watch);
    gnutls_handshake_set_hook_function(
        session, GNUTLS_HANDSHAKE_FINISHED, GNUTLS_HOOK_POST, on_finished
    );
}

struct tls_identity *tls_begin(
    struct tls *tls, struct gnutls_session_int *session, struct tls_watch *watch, int64_t now_ms
) {
    static unsigned char client_purpose[] = GNUTLS_KP_TLS_WWW_CLIENT; // GnuTLS keeps the pointers
    static gnutls_typed_vdata_st purpose = {
        .type = GNUTLS_DT_KEY_PURPOSE_OID,
        .data = client_purpose,
    };

    must(session != NULL);
    must(pthread_mutex_lock(&tls->mutex) == 0);
    follow_files(tls, now_ms);
    struct tls_identity *identity = tls->newest;
    identity->user_count++;
    must(pthread_mutex_unlock(&tls->mutex) == 0);
    must(gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, identity->credentials) == 0);
    watch_handshake(session, watch);
    if (identity->asks_clients) {
        gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUIRE);
        gnutls_session_set_verify_cert2(session, &purpose, 1, 0);
    }
    return identity;
}

void tls_end(struct tls *tls, struct tls_identity *identity) {
    if (!identity) return;
    must(pthread_mutex_lock(&tls->mutex) == 0);
    unref(identity);
    must(pthread_mutex_unlock(&tls->mutex) == 0);
}

bool tls_reload(struct tls *tls, char error[TLS_ERROR_BYTES]) {
    must(error != NULL);
    must(pthread_mutex_lock(&tls->mutex) == 0);
    bool good = reload(tls, error);
    must(pthread_mutex_unlock(&tls->mutex) == 0);
    return good;
}
