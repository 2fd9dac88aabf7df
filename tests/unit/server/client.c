// SPDX-License-Identifier: Apache-2.0
// Blocking reads with a bound in time, so that a hanging server fails a test.
#include "tests/unit/server/client.h"

#include "server/base/must.h"
#include "tests/unit/server/schema.h"

#include <check.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { READ_TIMEOUT_S = 20 };

static struct settings settings;
static struct sidecar *sidecar;
static char socket_path[64];

struct sidecar *the_sidecar(void) {
    return sidecar;
}

const char *unix_path(void) {
    return socket_path;
}

static void set(const char *key, const char *value) {
    char error[SETTINGS_ERROR_BYTES] = "";
    ck_assert_msg(settings_set(&settings, key, value, error), "%s", error);
}

static void set_listener(const char *value) {
    char address[80];
    if (strcmp(value, "unix") == 0) {
        (void)snprintf(socket_path, sizeof socket_path, "/tmp/sidecar_test_%d.sock", (int)getpid());
        (void)snprintf(address, sizeof address, "unix:%s", socket_path);
        value = address;
    }
    set("http.listener", value);
}

void sidecar_up(const char *const *pairs) {
    char error[SETTINGS_ERROR_BYTES] = "";
    settings_init(&settings);
    set("bootstrap.servers", "nowhere:1");
    set("group.id", "group-1");
    set("http.listener", "127.0.0.1:0");
    set("management.listener", "127.0.0.1:0");
    set("log.level", "error");
    set("shutdown.grace.ms", "0");
    for (; pairs && pairs[0]; pairs += 2) {
        if (strcmp(pairs[0], "http.listener") == 0) {
            set_listener(pairs[1]);
        } else {
            set(pairs[0], pairs[1]);
        }
    }
    ck_assert_msg(settings_check(&settings, error), "%s", error);
    sidecar = sidecar_start(&settings, error);
    ck_assert_msg(sidecar != NULL, "%s", error);
}

void sidecar_down(void) {
    if (sidecar) sidecar_stop(sidecar);
    sidecar = NULL;
    settings_dispose(&settings);
}

static struct client connected(int fd) {
    const struct timeval timeout = { .tv_sec = READ_TIMEOUT_S };
    const int on = 1;
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return (struct client){ .fd = fd };
}

static struct client connect_port_from(unsigned port, const char *from) {
    struct sockaddr_in ours = { .sin_family = AF_INET };
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((in_port_t)port) };
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(inet_pton(AF_INET, from, &ours.sin_addr), 1);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&ours, sizeof ours), 0);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return connected(fd);
}

struct client client_connect_port(unsigned port) {
    return connect_port_from(port, "127.0.0.1");
}

struct client client_connect_from(const char *from) {
    return connect_port_from(sidecar_port(sidecar), from);
}

struct client client_connect(void) {
    if (sidecar_port(sidecar) != 0) return client_connect_port(sidecar_port(sidecar));
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", socket_path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return connected(fd);
}

struct client client_connect_management(void) {
    return client_connect_port(sidecar_management_port(sidecar));
}

void client_send(struct client *client, const char *text) {
    size_t size = strlen(text);
    ck_assert_int_eq(send(client->fd, text, size, MSG_NOSIGNAL), (ssize_t)size);
}

void client_ask(struct client *client, const char *method, const char *target, const char *body) {
    struct out request = { 0 };
    (void)snprintf(client->method, sizeof client->method, "%s", method);
    (void)snprintf(client->target, sizeof client->target, "%s", target);
    out_format(&request, "%s %s HTTP/1.1\r\nHost: localhost:8092\r\n", method, target);
    if (client->session) out_format(&request, "Consumer-Session: %s\r\n", client->session);
    if (body) out_format(&request, "Content-Length: %zu\r\n", strlen(body));
    OUT_LITERAL(&request, "\r\n");
    out_string(&request, body);
    client_send(client, out_text(&request));
    out_dispose(&request);
}

static void read_more(struct client *client) {
    enum { AT_A_TIME = 65536 };

    char *to = out_room(&client->received, AT_A_TIME);
    ssize_t size = recv(client->fd, to, AT_A_TIME, 0);
    ck_assert_msg(size > 0, "the connection gave nothing (%zd) to %s", size, client->target);
    client->received.size += (size_t)size;
}

static void use(struct client *client, size_t size) {
    client->received.size -= size;
    memmove(client->received.data, client->received.data + size, client->received.size);
}

static void read_head(struct client *client) {
    const char *end;
    while (!(end = strstr(out_text(&client->received), "\r\n\r\n")))
        read_more(client);
    size_t size = (size_t)(end + 4 - client->received.data);
    ck_assert_uint_lt(size, sizeof client->head);
    memcpy(client->head, client->received.data, size);
    client->head[size] = '\0';
    use(client, size);
    const char *blank = strchr(client->head, ' ');
    ck_assert_ptr_nonnull(blank);
    client->status = (int)strtol(blank, NULL, 10);
}

int client_read_head(struct client *client) {
    read_head(client);
    return client->status;
}

/// Reads until so much is there; false when the connection is gone before.
static bool have(struct client *client, size_t size) {
    enum { AT_A_TIME = 65536 };

    while (client->received.size < size) {
        char *to = out_room(&client->received, AT_A_TIME);
        ssize_t got = recv(client->fd, to, AT_A_TIME, 0);
        ck_assert_msg(got >= 0 || errno == ECONNRESET, "nothing more from %s", client->target);
        if (got <= 0) return false;
        client->received.size += (size_t)got;
    }
    return true;
}

enum client_piece client_read_piece(struct client *client, struct out *text) {
    const char *end;
    while (!(end = strstr(out_text(&client->received), "\r\n"))) {
        if (!have(client, client->received.size + 1)) return CLIENT_CUT;
    }
    size_t head = (size_t)(end + 2 - client->received.data);
    size_t size = strtoul(client->received.data, NULL, 16);
    if (!have(client, head + size + 2)) return CLIENT_CUT;
    out_append(text, client->received.data + head, size);
    use(client, head + size + 2);
    return size > 0 ? CLIENT_PIECE : CLIENT_END;
}

const char *client_header(struct client *client, const char *name) {
    static char value[256];
    size_t length = strlen(name);
    for (const char *line = strstr(client->head, "\r\n"); line; line = strstr(line + 2, "\r\n")) {
        if (strncasecmp(line + 2, name, length) != 0 || line[2 + length] != ':') continue;
        const char *text = line + 2 + length + 1;
        text += strspn(text, " ");
        (void)snprintf(value, sizeof value, "%.*s", (int)strcspn(text, "\r"), text);
        return value;
    }
    return NULL;
}

/// The path that the document has for the last request.
static void documented_path(const struct client *client, char path[sizeof client->target]) {
    static const char consumers[] = "/v1/consumers/";
    const char *target = client->target;
    const char *rest = NULL;
    if (strncmp(target, consumers, sizeof consumers - 1) == 0)
        rest = strchr(target + sizeof consumers - 1, '/');
    if (rest) target = rest;
    int length = (int)strcspn(target, "?");
    (void)snprintf(path, sizeof client->target, "%s%.*s", rest ? "/v1" : "", length, target);
    const char *const with_subjects[][2] = {
        { "/v1/topics/", "/v1/topics/{topic}" },
        { "/v1/commits/", "/v1/commits/{id}" },
        { "/v1/rebalances/", "/v1/rebalances/{id}/ack" },
        { consumers, "/v1/consumers/{name}" },
    };

    for (size_t i = 0; i < sizeof with_subjects / sizeof with_subjects[0]; i++) {
        if (strncmp(path, with_subjects[i][0], strlen(with_subjects[i][0])) == 0)
            (void)snprintf(path, sizeof client->target, "%s", with_subjects[i][1]);
    }
}

/// Every answer must be as the document says.
static void check_schema(struct client *client) {
    char path[sizeof client->target];
    const char *type = client_header(client, "Content-Type");
    ck_assert_ptr_nonnull(type);
    if (!strstr(type, "json") || strstr(type, "x-ndjson")) return;
    if (client_header(client, "Content-Encoding")) return;
    ck_assert_msg(client->json != NULL, "%s: no JSON: %s", client->target, client_body(client));
    documented_path(client, path);
    const cJSON *schema = schema_of_answer(path, client->method, client->status);
    const char *misfit = schema ? schema_check(schema, client->json) : NULL;
    ck_assert_msg(
        !misfit, "%s %s: %s: %s", client->method, client->target, misfit, client_body(client)
    );
    ck_assert_int_eq(client->status >= 400, strstr(type, "problem") != NULL);
}

int client_read(struct client *client) {
    read_head(client);
    const char *length = client_header(client, "Content-Length");
    bool has_body = strcmp(client->method, "HEAD") != 0 && client->status != 204;
    size_t size = length && has_body ? strtoul(length, NULL, 10) : 0;
    while (client->received.size < size)
        read_more(client);
    client->body.size = 0;
    out_append(&client->body, client->received.data, size);
    use(client, size);
    cJSON_Delete(client->json);
    client->json = size ? cJSON_Parse(client_body(client)) : NULL;
    if (has_body && client->status >= 200) {
        ck_assert_msg(size > 0, "an empty body");
        check_schema(client);
    }
    return client->status;
}

int client_call(struct client *client, const char *method, const char *target, const char *body) {
    client_ask(client, method, target, body);
    return client_read(client);
}

void client_read_some(struct client *client, size_t size) {
    char bytes[4096];
    while (size > 0) {
        size_t most = size < sizeof bytes ? size : sizeof bytes;
        ssize_t got = recv(client->fd, bytes, most, 0);
        ck_assert_int_gt(got, 0);
        size -= (size_t)got;
    }
}

void client_wait_readable(struct client *client) {
    struct pollfd asked = { .fd = client->fd, .events = POLLIN };
    ck_assert_int_eq(poll(&asked, 1, READ_TIMEOUT_S * 1000), 1);
}

bool client_is_ended(struct client *client) {
    char byte;
    return recv(client->fd, &byte, 1, 0) == 0;
}

int client_records(const struct client *client) {
    return cJSON_GetArraySize(cJSON_GetObjectItem(client->json, "records"));
}

const char *client_value(const struct client *client, int index) {
    const cJSON *record = cJSON_GetArrayItem(cJSON_GetObjectItem(client->json, "records"), index);
    const char *value = cJSON_GetStringValue(cJSON_GetObjectItem(record, "value"));
    return value ? value : "";
}

const char *client_code(const struct client *client) {
    const char *code = cJSON_GetStringValue(cJSON_GetObjectItem(client->json, "code"));
    return code ? code : "";
}

const char *client_body(struct client *client) {
    return out_text(&client->body);
}

void client_close(struct client *client) {
    (void)close(client->fd);
    cJSON_Delete(client->json);
    out_dispose(&client->received);
    out_dispose(&client->body);
    *client = (struct client){ .fd = -1 };
}
