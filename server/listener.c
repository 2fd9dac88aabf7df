// SPDX-License-Identifier: Apache-2.0
// No name is resolved here but "localhost": an address that others can change is none to listen on.
#include "server/listener.h"

#include "server/base/must.h"

#include <arpa/inet.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    LONGEST_HOST = 64,
    LARGEST_PORT = 65535,
    BACKLOG = 512,
    LONGEST_OWNER = 256,
    DEFAULT_MODE = 0660,
    NAMES_BYTES = 16384
};

static const char unix_prefix[] = "unix:";

static bool parse_path(const char *path, struct listener *listener) {
    size_t length = strlen(path);
    if (path[0] != '/' || length >= sizeof listener->address.local.sun_path) return false;
    listener->address.local.sun_family = AF_UNIX;
    memcpy(listener->address.local.sun_path, path, length + 1);
    listener->size = sizeof listener->address.local;
    return true;
}

static bool parse_port(const char *text, in_port_t *port) {
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 5 || text[digits] != '\0') return false;
    long number = strtol(text, NULL, 10);
    *port = htons((in_port_t)number);
    return number <= LARGEST_PORT;
}

static bool parse_host(const char *host, in_port_t port, struct listener *listener) {
    struct sockaddr_in *ipv4 = &listener->address.ipv4;
    struct sockaddr_in6 *ipv6 = &listener->address.ipv6;
    if (strcmp(host, "localhost") == 0) host = "127.0.0.1";
    if (inet_pton(AF_INET, host, &ipv4->sin_addr) == 1) {
        ipv4->sin_family = AF_INET;
        ipv4->sin_port = port;
        listener->size = sizeof *ipv4;
        return true;
    }
    if (inet_pton(AF_INET6, host, &ipv6->sin6_addr) != 1) return false;
    ipv6->sin6_family = AF_INET6;
    ipv6->sin6_port = port;
    listener->size = sizeof *ipv6;
    return true;
}

bool listener_parse(const char *text, struct listener *listener) {
    must(text != NULL);
    char host[LONGEST_HOST];
    in_port_t port = 0;
    *listener = (struct listener){ .mode = DEFAULT_MODE, .user = (uid_t)-1, .group = (gid_t)-1 };
    if (text[0] == '\0') return true;
    if (strncmp(text, unix_prefix, sizeof unix_prefix - 1) == 0) {
        return parse_path(text + sizeof unix_prefix - 1, listener);
    }
    const char *colon = strrchr(text, ':');
    if (!colon || !parse_port(colon + 1, &port)) return false;
    size_t length = (size_t)(colon - text);
    bool bracketed = length > 2 && text[0] == '[' && colon[-1] == ']';
    if (bracketed) {
        text++;
        length -= 2;
    }
    if (length >= sizeof host) return false;
    memcpy(host, text, length);
    host[length] = '\0';
    if ((strchr(host, ':') != NULL) != bracketed) return false;
    return parse_host(host, port, listener);
}

const char *listener_fault(const char *text) {
    const size_t room = sizeof((struct sockaddr_un *)NULL)->sun_path;
    _Static_assert(sizeof((struct sockaddr_un *)NULL)->sun_path == 108, "as the sentence says");
    must(text != NULL);
    bool is_path = strncmp(text, unix_prefix, sizeof unix_prefix - 1) == 0;
    const char *path = is_path ? text + sizeof unix_prefix - 1 : text;
    if (is_path && strlen(path) >= room) return "the path is longer than 107 bytes";
    if (is_path) return "the path does not begin with a slash";
    return "neither host:port, with the host as an address, nor unix:/path";
}

bool listener_set_mode(struct listener *listener, const char *text) {
    must(listener != NULL);
    size_t digits = strspn(text, "01234567");
    if (digits < 3 || digits > 4 || text[digits] != '\0') return false;
    listener->mode = (mode_t)strtol(text, NULL, 8);
    return listener->mode <= 0777;
}

/// A number as it is; -1 for what is none.
static int64_t number_of(const char *text) {
    size_t digits = strspn(text, "0123456789");
    return digits > 0 && digits < 10 && text[digits] == '\0' ? strtol(text, NULL, 10) : -1;
}

static bool find_user(const char *name, uid_t *user) {
    char room[NAMES_BYTES];
    struct passwd entry;
    struct passwd *found = NULL;
    int64_t number = number_of(name);
    if (number < 0) (void)getpwnam_r(name, &entry, room, sizeof room, &found);
    if (number < 0 && !found) return false;
    *user = found ? found->pw_uid : (uid_t)number;
    return true;
}

static bool find_group(const char *name, gid_t *group) {
    char room[NAMES_BYTES];
    struct group entry;
    struct group *found = NULL;
    int64_t number = number_of(name);
    if (number < 0) (void)getgrnam_r(name, &entry, room, sizeof room, &found);
    if (number < 0 && !found) return false;
    *group = found ? found->gr_gid : (gid_t)number;
    return true;
}

bool listener_set_owner(struct listener *listener, const char *text) {
    char owner[LONGEST_OWNER];
    size_t length = strlen(text);
    must(listener != NULL);
    if (length == 0 || length >= sizeof owner) return false;
    memcpy(owner, text, length + 1);
    char *colon = strchr(owner, ':');
    if (colon) *colon = '\0';
    if (colon && !find_group(colon + 1, &listener->group)) return false;
    return colon == owner || find_user(owner, &listener->user);
}

bool listener_is_unix(const struct listener *listener) {
    return listener->size > 0 && listener->address.any.sa_family == AF_UNIX;
}

bool listener_is_private(const struct listener *listener) {
    switch (listener->address.any.sa_family) {
    case AF_INET: return ntohl(listener->address.ipv4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    case AF_INET6: return IN6_IS_ADDR_LOOPBACK(&listener->address.ipv6.sin6_addr);
    default: return true;
    }
}

/// A path whose owner died without removing it refuses connections. So does a file that is no
/// socket, which is left alone.
static bool path_is_dead(const struct listener *listener) {
    struct stat there;
    if (lstat(listener->address.local.sun_path, &there) != 0 || !S_ISSOCK(there.st_mode)) {
        return false;
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return false;
    int connected = connect(fd, &listener->address.any, listener->size);
    bool dead = connected != 0 && errno == ECONNREFUSED;
    (void)close(fd);
    return dead;
}

/// Nobody can connect before listen(), whatever the mode is until then.
static int bind_path(int fd, struct listener *listener) {
    const char *path = listener->address.local.sun_path;
    struct stat made;
    if (path_is_dead(listener)) (void)unlink(path);
    if (bind(fd, &listener->address.any, listener->size) != 0) return -1;
    if (lstat(path, &made) != 0) return -1;
    listener->inode = made.st_ino;
    bool has_owner = listener->user != (uid_t)-1 || listener->group != (gid_t)-1;
    if (has_owner && lchown(path, listener->user, listener->group) != 0) return -1;
    return chmod(path, listener->mode);
}

static int bind_socket(int fd, struct listener *listener) {
    const int on = 1;
    if (listener_is_unix(listener)) return bind_path(fd, listener);
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    return bind(fd, &listener->address.any, listener->size);
}

int listener_open(struct listener *listener) {
    must(listener->size > 0);
    int family = listener->address.any.sa_family;
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return -1;
    if (bind_socket(fd, listener) != 0 || listen(fd, BACKLOG) != 0) {
        int error = errno;
        if (listener->inode != 0) listener_remove(listener);
        (void)close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

void listener_remove(const struct listener *listener) {
    must(listener->size > 0);
    struct stat there;
    if (!listener_is_unix(listener)) return;
    const char *path = listener->address.local.sun_path;
    if (lstat(path, &there) == 0 && there.st_ino == listener->inode) (void)unlink(path);
}

unsigned listener_port(int fd) {
    struct listener bound = { .size = sizeof bound.address };
    must(getsockname(fd, &bound.address.any, &bound.size) == 0);
    switch (bound.address.any.sa_family) {
    case AF_INET: return ntohs(bound.address.ipv4.sin_port);
    case AF_INET6: return ntohs(bound.address.ipv6.sin6_port);
    default: return 0;
    }
}
