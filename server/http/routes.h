// SPDX-License-Identifier: Apache-2.0
// Every call of the HTTP API in one table. Static.
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct request;

/// What a call does with the last answer before it begins.
enum route_settling {
    ROUTE_SETTLES_NOTHING, ///< it has nothing to do with positions, or sees to it itself
    ROUTE_SETTLES_KNOWN,   ///< it reads positions
    ROUTE_SETTLES_ALL,     ///< it changes them
};

/// One method of one path.
struct route {
    const char *method;
    const char *path; ///< may have one part in braces, e.g. "{topic}": anything but a slash there
    void (*handler)(struct request *request); ///< its first step
    const char *params;                       ///< as params_check() wants them; NULL: any
    bool takes_body;
    bool is_management;
    bool has_head; ///< HEAD is answered as this, without the body
    enum route_settling settling;
};

enum { ROUTE_ALLOW_BYTES = 64 };

/// What was found.
struct route_match {
    const struct route *route; ///< NULL: nothing for this method
    const char *consumer;      ///< the name in /v1/consumers/{name}/…; NULL: none
    size_t consumer_length;    ///< of that name, which need not be one that can be had
    const char *argument;      ///< what stands where the route's path has braces; NULL: it has none
    size_t argument_length;
    char allow[ROUTE_ALLOW_BYTES]; ///< the methods of the path, if there is such a path; else ""
};

/// Looks a request up. What is found points into the path. Every call below /v1 is also one of any
/// consumer: /v1/consumers/{name}/poll is /v1/poll of that one.
struct route_match route_find(const char *method, const char *path, bool is_management);

/// A route's place in the table; of NULL and of OPTIONS, the place behind the last.
size_t route_index(const struct route *route);

/// The whole table; `count` gets its length.
const struct route *route_table(size_t *count);
