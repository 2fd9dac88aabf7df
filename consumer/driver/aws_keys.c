// SPDX-License-Identifier: Apache-2.0
// The first place that has anything decides: what is wrong there is told, and no other is looked
// at. An instance's metadata (IMDS) is not asked.
#include "consumer/driver/aws_keys.h"

#include "consumer/base/must.h"
#include "consumer/driver/file.h"
#include "consumer/security/secret.h"

#include <cjson/cJSON.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { GOOD_STATUS = 200, PATH_BYTES = 4096, MOST_NAME_BYTES = 256 };

void aws_keys_dispose(struct aws_keys *keys) {
    secret_free(keys->access_key_id);
    secret_free(keys->secret_access_key);
    secret_free(keys->session_token);
    *keys = (struct aws_keys){ 0 };
}

static bool is_same(const char *a, const char *b) {
    return slice_equal(slice_from_string(a), slice_from_string(b));
}

bool aws_keys_equal(const struct aws_keys *a, const struct aws_keys *b) {
    return is_same(a->access_key_id, b->access_key_id) &&
           is_same(a->secret_access_key, b->secret_access_key) &&
           is_same(a->session_token, b->session_token) && a->expires_at_ms == b->expires_at_ms;
}

__attribute__((format(printf, 2, 3))) static bool refuse(
    char error[AWS_KEYS_ERROR_BYTES], const char *format, ...
) {
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(error, AWS_KEYS_ERROR_BYTES, format, arguments);
    va_end(arguments);
    return false;
}

// The variable's value; NULL when it is not set, or empty.
static const char *variable(const char *name) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody here changes the environment
    const char *value = getenv(name);
    return value && value[0] ? value : NULL;
}

// 2026-11-27T09:00:00Z, with or without a fraction; 0 for anything else.
static int64_t parse_time(const char *text) {
    struct tm parts = { 0 };
    const char *end = text ? strptime(text, "%Y-%m-%dT%H:%M:%S", &parts) : NULL;
    if (!end || (*end != 'Z' && *end != '.')) return 0;
    return (int64_t)timegm(&parts) * 1000;
}

// ------------------------------------------------------------------------------------------------
// The environment, and the shared credentials file

static bool find_in_environment(
    struct aws_keys *keys, const struct aws_search *search, char error[AWS_KEYS_ERROR_BYTES]
) {
    (void)search;
    keys->access_key_id = secret_dup(variable("AWS_ACCESS_KEY_ID"));
    keys->secret_access_key = secret_dup(variable("AWS_SECRET_ACCESS_KEY"));
    keys->session_token = secret_dup(variable("AWS_SESSION_TOKEN"));
    return (keys->access_key_id && keys->secret_access_key) ||
           refuse(error, "AWS_ACCESS_KEY_ID is set without AWS_SECRET_ACCESS_KEY, or the reverse");
}

static struct slice trim(struct slice text) {
    while (text.size > 0 && strchr(" \t\r", text.data[text.size - 1]))
        text.size--;
    while (text.size > 0 && strchr(" \t\r", text.data[0]))
        text = (struct slice){ text.data + 1, text.size - 1 };
    return text;
}

static void replace(char **text, struct slice value) {
    secret_free(*text);
    *text = slice_dup_string(value);
}

static void take_line(struct aws_keys *keys, struct slice line) {
    const uint8_t *equals = line.size > 0 ? memchr(line.data, '=', line.size) : NULL;
    if (!equals) return;
    size_t size = (size_t)(equals - line.data);
    struct slice name = trim((struct slice){ line.data, size });
    struct slice value = trim((struct slice){ equals + 1, line.size - size - 1 });
    if (slice_equal_string(name, "aws_access_key_id")) {
        replace(&keys->access_key_id, value);
    } else if (slice_equal_string(name, "aws_secret_access_key")) {
        replace(&keys->secret_access_key, value);
    } else if (slice_equal_string(name, "aws_session_token")) {
        replace(&keys->session_token, value);
    }
}

// The lines of one section of an INI file.
static void take_section(struct aws_keys *keys, struct slice text, const char *profile) {
    bool is_inside = false;
    while (text.size > 0) {
        const uint8_t *end = memchr(text.data, '\n', text.size);
        size_t size = end ? (size_t)(end - text.data) : text.size;
        struct slice line = trim((struct slice){ text.data, size });
        if (line.size > 1 && line.data[0] == '[' && line.data[line.size - 1] == ']') {
            struct slice name = trim((struct slice){ line.data + 1, line.size - 2 });
            is_inside = slice_equal_string(name, profile);
        } else if (is_inside && line.size > 0 && line.data[0] != '#' && line.data[0] != ';') {
            take_line(keys, line);
        }
        size_t taken = end ? size + 1 : size;
        text = (struct slice){ text.data + taken, text.size - taken };
    }
}

static bool find_path(char path[PATH_BYTES]) {
    const char *given = variable("AWS_SHARED_CREDENTIALS_FILE");
    const char *home = variable("HOME");
    if (!given && !home) return false;
    int size = given ? snprintf(path, PATH_BYTES, "%s", given)
                     : snprintf(path, PATH_BYTES, "%s/.aws/credentials", home);
    return size < PATH_BYTES;
}

static bool find_in_file(
    struct aws_keys *keys, const struct aws_search *search, char error[AWS_KEYS_ERROR_BYTES]
) {
    char path[PATH_BYTES] = "";
    char why[FILE_WHY_BYTES] = "";
    const char *profile = search->profile ? search->profile : variable("AWS_PROFILE");
    struct buf content = { 0 };
    if (!profile) profile = "default";
    bool is_read = find_path(path) && file_read(path, &content, why);
    if (is_read) take_section(keys, buf_slice(&content), profile);
    secret_dispose(&content);
    if (!is_read) return refuse(error, "cannot read %.200s: %s", path, why);
    return (keys->access_key_id && keys->secret_access_key) ||
           refuse(error, "no credentials of the profile %.60s are in %.200s", profile, path);
}

// ------------------------------------------------------------------------------------------------
// A container's endpoint

static char *member(const cJSON *answer, const char *name) {
    return secret_dup(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(answer, name)));
}

static void cleanse(cJSON *answer) {
    cJSON *one;
    cJSON_ArrayForEach(one, answer) {
        char *text = cJSON_GetStringValue(one);
        if (text) explicit_bzero(text, strlen(text));
    }
    cJSON_Delete(answer);
}

static bool read_json(struct aws_keys *keys, struct slice body) {
    cJSON *answer =
        body.size > 0 ? cJSON_ParseWithLength((const char *)body.data, body.size) : NULL;
    keys->access_key_id = member(answer, "AccessKeyId");
    keys->secret_access_key = member(answer, "SecretAccessKey");
    keys->session_token = member(answer, "Token");
    const cJSON *end = cJSON_GetObjectItemCaseSensitive(answer, "Expiration");
    keys->expires_at_ms = parse_time(cJSON_GetStringValue(end));
    cleanse(answer);
    return keys->access_key_id && keys->secret_access_key && keys->expires_at_ms > 0;
}

// Reads a token's file without the blanks at its end.
static bool read_token(const char *path, struct buf *token, char error[AWS_KEYS_ERROR_BYTES]) {
    char why[FILE_WHY_BYTES] = "";
    if (!file_read(path, token, why)) return refuse(error, "cannot read %.200s: %s", path, why);
    while (token->size > 0 && strchr(" \t\r\n", token->data[token->size - 1]))
        token->size--;
    secret_append(token, "", 1);
    // a line end would begin another header
    bool is_good = strlen((const char *)token->data) + 1 == token->size &&
                   !strpbrk((const char *)token->data, "\r\n");
    return is_good || refuse(error, "%.200s: what is in it is no token", path);
}

// Only to the addresses that are meant for it, or by HTTPS: the token must not go elsewhere.
static bool is_allowed(const char *url) {
    static const char *const allowed[] = {
        "https://",
        "http://127.0.0.1:",
        "http://127.0.0.1/",
        "http://localhost:",
        "http://localhost/",
        "http://169.254.170.2/",
        "http://169.254.170.23/",
        "http://[fd00:ec2::23]/",
    };
    for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++) {
        if (strncmp(url, allowed[i], strlen(allowed[i])) == 0) return true;
    }
    return false;
}

static bool ask_container(
    struct aws_keys *keys,
    const struct aws_search *search,
    const char *url,
    const char *authorization,
    char error[AWS_KEYS_ERROR_BYTES]
) {
    struct buf header = { 0 };
    struct buf body = { 0 };
    char why[HTTPS_WHY_BYTES] = "";
    secret_append_string(&header, "Authorization: ");
    secret_append_string(&header, authorization);
    secret_append(&header, "", 1);
    const char *const headers[] = { (const char *)header.data };
    struct https_request request = search->https;
    request.url = url;
    request.headers = headers;
    request.header_count = authorization ? 1 : 0;
    request.is_direct = true;
    long status = https_send(&request, &body, why);
    bool is_good = status == GOOD_STATUS && read_json(keys, buf_slice(&body));
    if (!is_good && status == 0) (void)refuse(error, "the container's endpoint: %s", why);
    if (!is_good && status != 0) {
        (void)refuse(error, "the container's endpoint: answers %ld without credentials", status);
    }
    secret_dispose(&header);
    secret_dispose(&body);
    return is_good;
}

static bool find_at_container(
    struct aws_keys *keys, const struct aws_search *search, char error[AWS_KEYS_ERROR_BYTES]
) {
    char url[PATH_BYTES];
    const char *relative = variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    const char *full = variable("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    const char *path = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    must(relative || full);
    (void)snprintf(
        url, sizeof url, "%s%s", relative ? "http://169.254.170.2" : "", relative ? relative : full
    );
    if (!is_allowed(url)) {
        return refuse(error, "AWS_CONTAINER_CREDENTIALS_FULL_URI: neither https:// nor this host");
    }
    struct buf token = { 0 };
    bool is_read = !path || read_token(path, &token, error);
    const char *authorization =
        path && is_read ? (const char *)token.data : variable("AWS_CONTAINER_AUTHORIZATION_TOKEN");
    bool is_found = is_read && ask_container(keys, search, url, authorization, error);
    secret_dispose(&token);
    return is_found;
}

// ------------------------------------------------------------------------------------------------
// A web identity: the token of a Kubernetes service account for a role (STS)

// The text of the first element of a name; the answer of STS is XML without namespaces' prefixes.
static char *element(struct slice body, const char *name) {
    char open[MOST_NAME_BYTES];
    int size = snprintf(open, sizeof open, "<%s>", name);
    must(size > 0 && size < (int)sizeof open);
    const uint8_t *begin = body.size > 0 ? memmem(body.data, body.size, open, (size_t)size) : NULL;
    if (!begin) return NULL;
    begin += size;
    size_t left = body.size - (size_t)(begin - body.data);
    const uint8_t *end = memchr(begin, '<', left);
    return end ? slice_dup_string((struct slice){ begin, (size_t)(end - begin) }) : NULL;
}

static bool read_xml(struct aws_keys *keys, struct slice body) {
    char *expiration = element(body, "Expiration");
    keys->access_key_id = element(body, "AccessKeyId");
    keys->secret_access_key = element(body, "SecretAccessKey");
    keys->session_token = element(body, "SessionToken");
    keys->expires_at_ms = parse_time(expiration);
    free(expiration);
    return keys->access_key_id && keys->secret_access_key && keys->session_token &&
           keys->expires_at_ms > 0;
}

static void append_form(struct buf *form, const char *role, const char *token) {
    const char *session = variable("AWS_ROLE_SESSION_NAME");
    secret_append_string(form, "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=");
    https_encode(form, role);
    secret_append_string(form, "&RoleSessionName=");
    https_encode(form, session ? session : "kafka-sidecar");
    secret_append_string(form, "&WebIdentityToken=");
    https_encode(form, token);
    secret_append(form, "", 1);
}

static void find_sts(char url[PATH_BYTES]) {
    const char *given = variable("AWS_ENDPOINT_URL_STS");
    const char *region = variable("AWS_REGION");
    if (!region) region = variable("AWS_DEFAULT_REGION");
    (void)snprintf(
        url,
        PATH_BYTES,
        "%s%s%s%s/",
        given ? given : "https://sts",
        given || !region ? "" : ".",
        given || !region ? "" : region,
        given ? "" : ".amazonaws.com"
    );
}

static bool find_by_web_identity(
    struct aws_keys *keys, const struct aws_search *search, char error[AWS_KEYS_ERROR_BYTES]
) {
    char url[PATH_BYTES];
    char why[HTTPS_WHY_BYTES] = "";
    const char *role = variable("AWS_ROLE_ARN");
    struct buf token = { 0 };
    struct buf form = { 0 };
    struct buf body = { 0 };
    long status = 0;
    if (!role) return refuse(error, "AWS_WEB_IDENTITY_TOKEN_FILE is set without AWS_ROLE_ARN");
    bool is_read = read_token(variable("AWS_WEB_IDENTITY_TOKEN_FILE"), &token, error);
    if (is_read) {
        struct https_request request = search->https;
        append_form(&form, role, (const char *)token.data);
        find_sts(url);
        request.url = url;
        request.form = (const char *)form.data;
        status = https_send(&request, &body, why);
    }
    bool is_good = status == GOOD_STATUS && read_xml(keys, buf_slice(&body));
    if (is_read && !is_good && status == 0) (void)refuse(error, "AWS STS: %s", why);
    if (is_read && !is_good && status != 0) {
        (void)refuse(error, "AWS STS: answers %ld without credentials", status);
    }
    secret_dispose(&token);
    secret_dispose(&form);
    secret_dispose(&body);
    return is_good;
}

// ------------------------------------------------------------------------------------------------

static bool find(
    struct aws_keys *keys, const struct aws_search *search, char error[AWS_KEYS_ERROR_BYTES]
) {
    if (search->profile) return find_in_file(keys, search, error);
    if (variable("AWS_ACCESS_KEY_ID") || variable("AWS_SECRET_ACCESS_KEY")) {
        return find_in_environment(keys, search, error);
    }
    if (variable("AWS_WEB_IDENTITY_TOKEN_FILE")) return find_by_web_identity(keys, search, error);
    if (variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") ||
        variable("AWS_CONTAINER_CREDENTIALS_FULL_URI")) {
        return find_at_container(keys, search, error);
    }
    return find_in_file(keys, search, error);
}

bool aws_keys_find(
    struct aws_keys *keys, const struct aws_search *search, char error[AWS_KEYS_ERROR_BYTES]
) {
    char why[AWS_KEYS_ERROR_BYTES] = "";
    must(!keys->access_key_id && !keys->secret_access_key);
    if (find(keys, search, why)) return true;
    return refuse(error, "sasl.mechanism: no AWS credentials: %.300s", why);
}
