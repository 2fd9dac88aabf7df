// SPDX-License-Identifier: Apache-2.0
// The token that requests must carry, read from its file and again whenever that changes. Any
// thread.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct journal;

enum { TOKEN_MOST_BYTES = 4096, TOKEN_ERROR_BYTES = 256 };

/// A token and its file.
struct token;

/// Whether a file has a good token in it: one line without blanks. False with a sentence in
/// `error`, in which the token is not.
bool token_check_file(const char *path, char error[TOKEN_ERROR_BYTES]);

/// The token of a file; freed by the caller. A file without one refuses everybody, until it has
/// one. The journal must outlive it.
struct token *token_new(const char *path, struct journal *journal);

/// Frees it. NULL is fine.
void token_free(struct token *token);

/// Whether `given` is the token. Looks once a second whether the file has changed; `now_ms` is on
/// the monotonic clock. Takes as long for a wrong token as for the right one of the same length.
bool token_is(struct token *token, const char *given, int64_t now_ms);

/// Reads the file now. False with a sentence in `error` when it has no token: everybody is refused.
bool token_reload(struct token *token, char error[TOKEN_ERROR_BYTES]);
