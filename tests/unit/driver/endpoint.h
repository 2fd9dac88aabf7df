// SPDX-License-Identifier: Apache-2.0
// A small HTTP server on a thread of its own, for tests of who issues credentials.
#pragma once

#include <pthread.h>
#include <stdbool.h>

enum { ENDPOINT_REQUEST_BYTES = 4096, ENDPOINT_URL_BYTES = 64 };

/// The server. What is under `lock` may be changed between requests.
struct endpoint {
    pthread_t thread;
    pthread_mutex_t lock;
    int listener;
    char url[ENDPOINT_URL_BYTES];         ///< http://127.0.0.1:PORT
    const char *status;                   ///< of answers: "200 OK"; under `lock`
    const char *body;                     ///< under `lock`
    int request_count;                    ///< under `lock`
    char request[ENDPOINT_REQUEST_BYTES]; ///< the last one; under `lock`
};

/// Starts it with an answer.
void endpoint_init(struct endpoint *endpoint, const char *status, const char *body);

/// Stops it.
void endpoint_dispose(struct endpoint *endpoint);

/// Changes the answer.
void endpoint_answer(struct endpoint *endpoint, const char *status, const char *body);

/// How many requests came.
int endpoint_count(struct endpoint *endpoint);

/// True when the last request has a text in it.
bool endpoint_was_told(struct endpoint *endpoint, const char *text);
