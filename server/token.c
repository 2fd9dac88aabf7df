// SPDX-License-Identifier: Apache-2.0
// A file is another one when its place on disk, its size or one of its times is. Whoever replaces a
// token writes a new file and renames it; one that is caught half written is read again when its
// times change.
#include "server/token.h"

#include "server/base/must.h"
#include "server/journal.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHECK_EVERY_MS = 1000 };

struct token {
    char *path;
    struct journal *journal;
    pthread_mutex_t mutex;
    struct stat seen; ///< of the file that was read last; all zero: there was none
    int64_t checked_at_ms;
    bool is_good;                     ///< false: nobody is let in
    char lost_for[TOKEN_ERROR_BYTES]; ///< the reason that was told last; "" when good
    char text[TOKEN_MOST_BYTES];
};

static bool refuse(char error[TOKEN_ERROR_BYTES], const char *why) {
    (void)snprintf(error, TOKEN_ERROR_BYTES, "%s", why);
    return false;
}

/// Overwrites what was secret, even where nobody reads it any more.
static void wipe(char text[TOKEN_MOST_BYTES]) {
    explicit_bzero(text, TOKEN_MOST_BYTES);
}

/// Cuts the white space behind a token and looks at the rest.
static bool check_text(char text[TOKEN_MOST_BYTES], size_t size, char error[TOKEN_ERROR_BYTES]) {
    must(size <= TOKEN_MOST_BYTES);
    if (size == TOKEN_MOST_BYTES) return refuse(error, "the file is too large for a token");
    while (size > 0 && isspace((unsigned char)text[size - 1]))
        size--;
    text[size] = '\0';
    if (size == 0) return refuse(error, "the file has no token in it");
    for (size_t i = 0; i < size; i++) {
        if (!isgraph((unsigned char)text[i])) {
            return refuse(error, "the token has a blank or a control character in it");
        }
    }
    return true;
}

/// Reads a file; `seen` gets what it is. Without waiting, should somebody have put a pipe there.
static bool read_file(
    const char *path, char text[TOKEN_MOST_BYTES], struct stat *seen, char error[TOKEN_ERROR_BYTES]
) {
    *seen = (struct stat){ 0 };
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, seen) != 0) {
        char why[TOKEN_ERROR_BYTES];
        (void)refuse(error, strerror_r(errno, why, sizeof why));
        if (fd >= 0) (void)close(fd);
        return false;
    }
    size_t size = 0;
    ssize_t got = 1;
    while (size < TOKEN_MOST_BYTES && got > 0) {
        got = read(fd, text + size, TOKEN_MOST_BYTES - size);
        if (got > 0) size += (size_t)got;
    }
    (void)close(fd);
    return got >= 0 ? check_text(text, size, error) : refuse(error, "the file can't be read");
}

bool token_check_file(const char *path, char error[TOKEN_ERROR_BYTES]) {
    must(path != NULL);
    char text[TOKEN_MOST_BYTES];
    struct stat seen;
    bool good = read_file(path, text, &seen, error);
    wipe(text);
    return good;
}

/// The lock is held. A file that can't be opened is tried again and again, but told once.
static bool reload(struct token *token, char error[TOKEN_ERROR_BYTES]) {
    char text[TOKEN_MOST_BYTES];
    bool good = read_file(token->path, text, &token->seen, error);
    bool same = good && token->is_good && strcmp(text, token->text) == 0;
    wipe(token->text);
    if (good) memcpy(token->text, text, strlen(text) + 1);
    wipe(text);
    bool is_told = !good && strcmp(error, token->lost_for) == 0;
    (void)snprintf(token->lost_for, sizeof token->lost_for, "%s", good ? "" : error);
    token->is_good = good;
    if (!good && !is_told) {
        journal_line(
            token->journal,
            KC_LOG_ERROR,
            "token",
            "lost",
            "file=\"%s\" why=\"%s; every request is refused until it has a token\"",
            token->path,
            error
        );
    } else if (good && !same) {
        journal_line(token->journal, KC_LOG_INFO, "token", "read", "file=\"%s\"", token->path);
    }
    return good;
}

struct token *token_new(const char *path, struct journal *journal) {
    must(path != NULL && path[0] != '\0' && journal != NULL);
    char error[TOKEN_ERROR_BYTES];
    struct token *token = must_have(sizeof *token);
    token->path = must_copy(path);
    token->journal = journal;
    must(pthread_mutex_init(&token->mutex, NULL) == 0);
    (void)reload(token, error);
    return token;
}

void token_free(struct token *token) {
    if (!token) return;
    must(pthread_mutex_destroy(&token->mutex) == 0);
    wipe(token->text);
    free(token->path);
    free(token);
}

static bool has_changed(const struct token *token) {
    struct stat now = { 0 };
    const struct stat *seen = &token->seen;
    if (stat(token->path, &now) != 0) now = (struct stat){ 0 };
    return now.st_dev != seen->st_dev || now.st_ino != seen->st_ino ||
           now.st_size != seen->st_size || now.st_mode != seen->st_mode ||
           memcmp(&now.st_mtim, &seen->st_mtim, sizeof now.st_mtim) != 0 ||
           memcmp(&now.st_ctim, &seen->st_ctim, sizeof now.st_ctim) != 0;
}

static bool is_same(const char *given, const char *text) {
    must(text[0] != '\0');
    size_t length = strlen(text);
    size_t given_length = strlen(given);
    unsigned char difference = given_length != length;
    for (size_t i = 0; i < given_length; i++)
        difference |= (unsigned char)(given[i] ^ text[i % length]);
    return difference == 0;
}

bool token_is(struct token *token, const char *given, int64_t now_ms) {
    must(given != NULL);
    char error[TOKEN_ERROR_BYTES];
    must(pthread_mutex_lock(&token->mutex) == 0);
    if (now_ms - token->checked_at_ms >= CHECK_EVERY_MS || now_ms < token->checked_at_ms) {
        token->checked_at_ms = now_ms;
        if (has_changed(token)) (void)reload(token, error);
    }
    bool same = token->is_good && is_same(given, token->text);
    must(pthread_mutex_unlock(&token->mutex) == 0);
    return same;
}

bool token_reload(struct token *token, char error[TOKEN_ERROR_BYTES]) {
    must(error != NULL);
    must(pthread_mutex_lock(&token->mutex) == 0);
    bool good = reload(token, error);
    must(pthread_mutex_unlock(&token->mutex) == 0);
    return good;
}
