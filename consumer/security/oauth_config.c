// SPDX-License-Identifier: Apache-2.0
// A copy of the text is cut into words, and a word into its name and its value.
#include "consumer/security/oauth_config.h"

#include "consumer/base/must.h"
#include "consumer/security/secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXTENSION "extension_"

enum { DEFAULT_LIFE_SECONDS = 3600, MOST_LIFE_SECONDS = 365 * 24 * 3600 };

// What sasl.oauthbearer.config says, borrowed from its copy.
struct description {
    const char *principal;
    const char *principal_claim;
    const char *scope;
    const char *scope_claim;
    int64_t life_seconds;
};

static char *copy(const char *text, struct buf *into) {
    *into = (struct buf){ 0 };
    secret_append_string(into, text);
    secret_append(into, "", 1);
    return (char *)into->data;
}

// Cuts the next word off a text, and its value off its name; a word without '=' has none. False at
// the end.
static bool next_word(char **rest, const char *separator, char **name, char **value) {
    do {
        *name = strsep(rest, separator);
        if (!*name) return false;
        *name += strspn(*name, " ");
    } while (!**name);
    *value = strchr(*name, '=');
    if (*value) *(*value)++ = '\0';
    return true;
}

static bool add(struct oauth_extensions *extensions, const char *name, const char *value) {
    if (!value || extensions->count == OAUTH_MOST_EXTENSIONS) return false;
    extensions->all[extensions->count++] = (struct sasl_extension){ name, value };
    return true;
}

bool oauth_extensions_read(
    const char *text, struct oauth_extensions *extensions, char error[OAUTH_ERROR_BYTES]
) {
    extensions->count = 0;
    char *rest = copy(text, &extensions->text);
    char *name = NULL;
    char *value = NULL;
    while (next_word(&rest, ",", &name, &value)) {
        if (add(extensions, name, value)) continue;
        (void)snprintf(
            error,
            OAUTH_ERROR_BYTES,
            "sasl.oauthbearer.extensions: must be at most %d times name=value, separated by commas",
            OAUTH_MOST_EXTENSIONS
        );
        return false;
    }
    return true;
}

bool oauth_extensions_read_config(
    const char *config, struct oauth_extensions *extensions, char error[OAUTH_ERROR_BYTES]
) {
    extensions->count = 0;
    char *rest = copy(config, &extensions->text);
    char *name = NULL;
    char *value = NULL;
    while (next_word(&rest, " ", &name, &value)) {
        size_t size = strlen(EXTENSION);
        if (strncmp(name, EXTENSION, size) != 0 || add(extensions, name + size, value)) continue;
        (void)snprintf(
            error,
            OAUTH_ERROR_BYTES,
            "sasl.oauthbearer.config: must have at most %d times extension_name=value",
            OAUTH_MOST_EXTENSIONS
        );
        return false;
    }
    return true;
}

void oauth_extensions_dispose(struct oauth_extensions *extensions) {
    secret_dispose(&extensions->text);
    extensions->count = 0;
}

// 0: it is no such number.
static int64_t read_life(const char *digits) {
    char *end = NULL;
    long seconds = strtol(digits, &end, 10);
    bool good = *digits >= '0' && *digits <= '9' && !*end && seconds <= MOST_LIFE_SECONDS;
    return good ? seconds : 0;
}

static const char *describe(char *rest, struct description *description) {
    char *name = NULL;
    char *value = NULL;
    while (next_word(&rest, " ", &name, &value)) {
        if (!value || !*value) return "must be words name=value, separated by blanks";
        if (strcmp(name, "principal") == 0) {
            description->principal = value;
        } else if (strcmp(name, "principalClaimName") == 0) {
            description->principal_claim = value;
        } else if (strcmp(name, "scope") == 0) {
            description->scope = value;
        } else if (strcmp(name, "scopeClaimName") == 0) {
            description->scope_claim = value;
        } else if (strcmp(name, "lifeSeconds") == 0) {
            description->life_seconds = read_life(value);
        } else if (strncmp(name, EXTENSION, strlen(EXTENSION)) != 0) {
            return "has a name that is not known; there are principal, principalClaimName, scope, "
                   "scopeClaimName, lifeSeconds and extension_NAME";
        }
    }
    if (description->life_seconds == 0) return "lifeSeconds must be a number from 1 to 31536000";
    return description->principal ? NULL : "principal=NAME is missing";
}

static bool make(
    const struct description *description,
    int64_t wall_ms,
    struct buf *token,
    char error[OAUTH_ERROR_BYTES]
) {
    struct buf scope = { 0 };
    secret_append_string(&scope, ","); // its first character is what separates a list
    secret_append_string(&scope, description->scope);
    secret_append(&scope, "", 1);
    const struct oauth_claim claims[] = {
        { OAUTH_STRING, description->principal_claim, description->principal },
        { OAUTH_LIST, description->scope_claim, (const char *)scope.data },
    };
    size_t count = description->scope ? 2 : 1;
    int64_t lifetime_ms = description->life_seconds * 1000;
    bool good = oauth_token_make_unsigned(claims, count, wall_ms, lifetime_ms, token, error);
    secret_dispose(&scope);
    return good;
}

bool oauth_config_make_token(
    const char *config,
    int64_t wall_ms,
    struct buf *token,
    int64_t *expires_at_ms,
    char error[OAUTH_ERROR_BYTES]
) {
    must(config != NULL);
    struct buf text;
    struct description description = {
        .principal_claim = "sub",
        .scope_claim = "scope",
        .life_seconds = DEFAULT_LIFE_SECONDS,
    };
    char why[OAUTH_ERROR_BYTES];
    const char *fault = describe(copy(config, &text), &description);
    if (!fault && !make(&description, wall_ms, token, why)) fault = why;
    if (fault) {
        (void)snprintf(error, OAUTH_ERROR_BYTES, "sasl.oauthbearer.config: %.220s", fault);
    } else {
        *expires_at_ms = wall_ms + description.life_seconds * 1000;
    }
    secret_dispose(&text);
    return !fault;
}
