// SPDX-License-Identifier: Apache-2.0
// A web page whose name was bound anew to 127.0.0.1 sends its own name as Host, and its origin as
// Origin: both give it away.
#include "server/http/guard.h"

#include "server/base/clock.h"
#include "server/base/must.h"
#include "server/token.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { LONGEST_HOST = 256 };

/// Copies the host of host:port, without the brackets of an IPv6 address. False for none or one too
/// long.
static bool split_host(const char *text, size_t size, char host[LONGEST_HOST]) {
    must(text != NULL);
    const char *end = text + size;
    bool bracketed = size > 0 && text[0] == '[';
    const char *stop = memchr(text, bracketed ? ']' : ':', size);
    if (bracketed) {
        if (!stop) return false;
        text++;
        end = stop;
    } else if (stop) {
        end = stop;
    }
    size_t length = (size_t)(end - text);
    if (length == 0 || length >= LONGEST_HOST) return false;
    memcpy(host, text, length);
    host[length] = '\0';
    return true;
}

static bool is_loopback(const char *host) {
    struct in_addr ipv4;
    struct in6_addr ipv6;
    if (strcasecmp(host, "localhost") == 0) return true;
    if (inet_pton(AF_INET, host, &ipv4) == 1) return ntohl(ipv4.s_addr) >> 24 == IN_LOOPBACKNET;
    return inet_pton(AF_INET6, host, &ipv6) == 1 && IN6_IS_ADDR_LOOPBACK(&ipv6);
}

/// The address that we listen on may be named as it is; the address of all may not.
static bool is_our_address(const struct listener *listener, const char *host) {
    struct in_addr ipv4;
    struct in6_addr ipv6;
    switch (listener->address.any.sa_family) {
    case AF_INET:
        return listener->address.ipv4.sin_addr.s_addr != INADDR_ANY &&
               inet_pton(AF_INET, host, &ipv4) == 1 &&
               ipv4.s_addr == listener->address.ipv4.sin_addr.s_addr;
    case AF_INET6:
        return !IN6_IS_ADDR_UNSPECIFIED(&listener->address.ipv6.sin6_addr) &&
               inet_pton(AF_INET6, host, &ipv6) == 1 &&
               IN6_ARE_ADDR_EQUAL(&ipv6, &listener->address.ipv6.sin6_addr);
    default: return false;
    }
}

static bool is_listed(const char *list, const char *text) {
    const char *item;
    size_t size;
    while (settings_list_next(&list, &item, &size)) {
        if (size == strlen(text) && strncasecmp(item, text, size) == 0) return true;
    }
    return false;
}

static bool host_is_allowed(const struct settings *settings, const char *text) {
    char host[LONGEST_HOST];
    return split_host(text, strlen(text), host) &&
           (is_loopback(host) || is_our_address(&settings->http, host) ||
            is_listed(settings_text(settings, SETTING_HTTP_ALLOWED_HOSTS), host));
}

bool guard_lists(const struct settings *settings, const char *origin) {
    must(origin != NULL);
    return is_listed(settings_text(settings, SETTING_HTTP_ALLOWED_ORIGINS), origin);
}

static bool origin_is_allowed(
    const struct settings *settings, const char *origin, const char *our_host
) {
    must(origin != NULL);
    char host[LONGEST_HOST];
    const char *colon = strstr(origin, "://");
    if (guard_lists(settings, origin)) return true;
    if (!colon) return false; // "null", of a sandboxed page or a file
    const char *authority = colon + 3;
    if (our_host && strcasecmp(authority, our_host) == 0) return true;
    return split_host(authority, strlen(authority), host) && is_loopback(host);
}

static bool token_is_right(const char *authorization, struct token *token) {
    static const char scheme[] = "Bearer ";
    must(token != NULL);
    if (!authorization) return false;
    if (strncasecmp(authorization, scheme, sizeof scheme - 1) != 0) return false;
    const char *given = authorization + sizeof scheme - 1;
    return token_is(token, given + strspn(given, " "), clock_ms());
}

static bool refuse(struct problem *problem, enum problem_code code, const char *detail) {
    *problem = problem_of(code, detail);
    return false;
}

bool guard_allows(
    const struct settings *settings,
    struct token *token,
    const struct guard_headers *headers,
    struct problem *problem
) {
    must(settings != NULL && problem != NULL);
    if (headers->host_count > 1 || (headers->needs_host && headers->host_count == 0)) {
        return refuse(problem, PROBLEM_INVALID_ARGUMENT, "Host: wanted once");
    }
    bool host_counts = headers->host && !headers->is_unix;
    if (host_counts && !host_is_allowed(settings, headers->host)) {
        return refuse(
            problem, PROBLEM_FORBIDDEN_HOST, "Host: neither loopback nor in http.allowed.hosts"
        );
    }
    if (headers->origin && !origin_is_allowed(settings, headers->origin, headers->host)) {
        return refuse(
            problem, PROBLEM_FORBIDDEN_HOST, "Origin: neither loopback nor in http.allowed.origins"
        );
    }
    // Browsers ask beforehand without the token.
    if (headers->is_preflight && guard_lists(settings, headers->origin)) return true;
    if (token && !token_is_right(headers->authorization, token)) {
        return refuse(problem, PROBLEM_UNAUTHORIZED, "Authorization: not Bearer and the token");
    }
    return true;
}
