// SPDX-License-Identifier: Apache-2.0
// Contents are compared, not times: Kubernetes changes a mounted secret by swapping a symbolic
// link.
#include "consumer/driver/secrets.h"

#include "consumer/base/must.h"
#include "consumer/driver/file.h"
#include "consumer/driver/reference.h"
#include "consumer/security/secret.h"

#include <stdio.h>
#include <string.h>

/// The options that name files, and whether TLS or SASL has a use for them.
static const struct {
    enum option_name name;
    bool is_sasl;
} files[] = {
    { OPTION_SSL_TRUSTSTORE_LOCATION, false },
    { OPTION_SSL_CA_LOCATION, false },
    { OPTION_SSL_KEYSTORE_LOCATION, false },
    { OPTION_SSL_CERTIFICATE_LOCATION, false },
    { OPTION_SSL_KEY_LOCATION, false },
    { OPTION_SASL_OAUTHBEARER_TOKEN_FILE, true },
    { OPTION_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL, true },
    { OPTION_HTTPS_CA_LOCATION, true },
};

const char *secrets_file_url_path(const char *url) {
    static const char scheme[] = "file://";
    if (!url || strncmp(url, scheme, sizeof scheme - 1) != 0) return NULL;
    return url + sizeof scheme - 1;
}

static bool read_text(
    struct secrets *secrets,
    const struct options *options,
    enum option_name name,
    char error[SECRETS_ERROR_BYTES]
) {
    const char *value = options_given(options, name);
    if (!value) return true;
    struct buf text = { 0 };
    char why[REFERENCE_WHY_BYTES] = "";
    bool is_resolved = reference_resolve(value, &text, why);
    if (is_resolved && text.size > 0) {
        secret_append(&text, "", 1);
        secrets->texts[name] = secret_dup((const char *)text.data);
    } else if (!is_resolved) {
        (void)snprintf(error, SECRETS_ERROR_BYTES, "%s: %s", options_row(name)->key, why);
    }
    secret_dispose(&text);
    return is_resolved;
}

// librdkafka has "probe" for: look where the system has its CAs.
static const char *path_of(const struct secrets *secrets, enum option_name name) {
    const char *text = secrets->texts[name];
    if (!text || strcmp(text, "probe") == 0) return NULL;
    return name == OPTION_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL ? secrets_file_url_path(text) : text;
}

static bool read_file(
    struct secrets *secrets, enum option_name name, char error[SECRETS_ERROR_BYTES]
) {
    const char *path = path_of(secrets, name);
    char why[FILE_WHY_BYTES] = "";
    if (!path || file_read(path, &secrets->contents[name], why)) return true;
    const char *key = options_row(name)->key;
    (void)snprintf(error, SECRETS_ERROR_BYTES, "%s: cannot read %.200s: %s", key, path, why);
    return false;
}

enum security_protocol secrets_protocol(const struct options *options) {
    return (enum security_protocol)options_number(options, OPTION_SECURITY_PROTOCOL);
}

bool secrets_read(
    struct secrets *secrets, const struct options *options, char error[SECRETS_ERROR_BYTES]
) {
    enum security_protocol protocol = secrets_protocol(options);
    if (protocol == SECURITY_PLAINTEXT) return true;
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        enum option_name name = (enum option_name)i;
        if (options_is_late(name) && !read_text(secrets, options, name, error)) return false;
    }
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        bool is_used = files[i].is_sasl ? security_has_sasl(protocol) : security_has_tls(protocol);
        if (is_used && !read_file(secrets, files[i].name, error)) return false;
    }
    return true;
}

void secrets_dispose(struct secrets *secrets) {
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        secret_free(secrets->texts[i]);
        secret_dispose(&secrets->contents[i]);
    }
    *secrets = (struct secrets){ 0 };
}

bool secrets_equal(const struct secrets *a, const struct secrets *b) {
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        struct slice text = slice_from_string(a->texts[i]);
        struct slice content = buf_slice(&a->contents[i]);
        if (!slice_equal(text, slice_from_string(b->texts[i]))) return false;
        if (!slice_equal(content, buf_slice(&b->contents[i]))) return false;
    }
    return true;
}

struct slice secrets_content(const struct secrets *secrets, enum option_name name) {
    must((size_t)name < OPTION_COUNT);
    const struct buf *content = &secrets->contents[name];
    if (!path_of(secrets, name)) return SLICE_NULL;
    return content->data ? buf_slice(content) : SLICE_LITERAL("");
}
