// SPDX-License-Identifier: Apache-2.0
// Addresses to listen on, as settings spell them, and the listening sockets. Values without
// threads.
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/un.h>

/// A parsed address. All zero: nothing to listen on.
struct listener {
    union {
        struct sockaddr any;
        struct sockaddr_in ipv4;
        struct sockaddr_in6 ipv6;
        struct sockaddr_un local;
        struct sockaddr_storage room;
    } address;

    socklen_t size; ///< of the address; 0: off
    mode_t mode;    ///< of a Unix socket; 0660 unless set
    uid_t user;     ///< of a Unix socket; -1: ours
    gid_t group;    ///< of a Unix socket; -1: ours
    ino_t inode;    ///< of the Unix socket's path, once it is open
};

/// Reads "127.0.0.1:8092", "[::1]:8092", "localhost:8092", "unix:/path" or "" (off). False when it
/// is none of these.
bool listener_parse(const char *text, struct listener *listener);

/// Why listener_parse() said no, in words. Static.
const char *listener_fault(const char *text);

/// Takes a Unix socket's mode as three or four octal digits. False when it is none.
bool listener_set_mode(struct listener *listener, const char *text);

/// Takes a Unix socket's owner as user, user:group or :group, by name or number. False when there
/// is none such.
bool listener_set_owner(struct listener *listener, const char *text);

/// True for a loopback address and for a Unix socket: nobody outside the machine gets there.
bool listener_is_private(const struct listener *listener);

/// True for a Unix socket.
bool listener_is_unix(const struct listener *listener);

/// Opens a non-blocking listening socket. A Unix socket gets its mode and owner, and takes the
/// place of a dead one of the same path. -1 with errno set when that fails; EADDRINUSE also when
/// somebody listens at the path, or when a file that is no socket is there.
int listener_open(struct listener *listener);

/// Removes what a listener leaves behind: the path of a Unix socket, unless another one is there
/// now.
void listener_remove(const struct listener *listener);

/// The port that a listening socket has got, for port 0; 0 for a Unix socket.
unsigned listener_port(int fd);
