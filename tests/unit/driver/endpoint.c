// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/driver/endpoint.h"

#include <check.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static bool is_whole(const char *request) {
    const char *end = strstr(request, "\r\n\r\n");
    const char *length = strcasestr(request, "content-length:");
    if (!end) return false;
    size_t body = length ? (size_t)strtoul(length + strlen("content-length:"), NULL, 10) : 0;
    return strlen(end + 4) >= body;
}

static void serve(struct endpoint *endpoint, int client) {
    char request[ENDPOINT_REQUEST_BYTES] = "";
    size_t size = 0;
    while (!is_whole(request) && size + 1 < sizeof request) {
        ssize_t count = recv(client, request + size, sizeof request - 1 - size, 0);
        if (count <= 0) return;
        size += (size_t)count;
        request[size] = '\0';
    }
    (void)pthread_mutex_lock(&endpoint->lock);
    memcpy(endpoint->request, request, sizeof request);
    endpoint->request_count++;
    (void)dprintf(
        client,
        "HTTP/1.1 %s\r\nLocation: %s/elsewhere\r\nContent-Length: %zu\r\nConnection: "
        "close\r\n\r\n%s",
        endpoint->status,
        endpoint->url,
        strlen(endpoint->body),
        endpoint->body
    );
    (void)pthread_mutex_unlock(&endpoint->lock);
}

static void *run(void *arg) {
    struct endpoint *endpoint = arg;
    int client;
    while ((client = accept(endpoint->listener, NULL, NULL)) >= 0) {
        serve(endpoint, client);
        (void)close(client);
    }
    return NULL;
}

void endpoint_init(struct endpoint *endpoint, const char *status, const char *body) {
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    socklen_t size = sizeof address;
    *endpoint = (struct endpoint){ .status = status, .body = body };
    endpoint->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(endpoint->listener, 0);
    ck_assert_int_eq(bind(endpoint->listener, (struct sockaddr *)&address, size), 0);
    ck_assert_int_eq(listen(endpoint->listener, 8), 0);
    ck_assert_int_eq(getsockname(endpoint->listener, (struct sockaddr *)&address, &size), 0);
    (void
    )snprintf(endpoint->url, sizeof endpoint->url, "http://127.0.0.1:%u", ntohs(address.sin_port));
    ck_assert_int_eq(pthread_mutex_init(&endpoint->lock, NULL), 0);
    ck_assert_int_eq(pthread_create(&endpoint->thread, NULL, run, endpoint), 0);
}

void endpoint_dispose(struct endpoint *endpoint) {
    ck_assert_int_eq(shutdown(endpoint->listener, SHUT_RDWR), 0);
    ck_assert_int_eq(pthread_join(endpoint->thread, NULL), 0);
    (void)close(endpoint->listener);
    (void)pthread_mutex_destroy(&endpoint->lock);
}

void endpoint_answer(struct endpoint *endpoint, const char *status, const char *body) {
    (void)pthread_mutex_lock(&endpoint->lock);
    endpoint->status = status;
    endpoint->body = body;
    (void)pthread_mutex_unlock(&endpoint->lock);
}

int endpoint_count(struct endpoint *endpoint) {
    (void)pthread_mutex_lock(&endpoint->lock);
    int count = endpoint->request_count;
    (void)pthread_mutex_unlock(&endpoint->lock);
    return count;
}

bool endpoint_was_told(struct endpoint *endpoint, const char *text) {
    (void)pthread_mutex_lock(&endpoint->lock);
    bool is_there = strstr(endpoint->request, text) != NULL;
    (void)pthread_mutex_unlock(&endpoint->lock);
    return is_there;
}
