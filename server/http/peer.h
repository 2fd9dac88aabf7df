// SPDX-License-Identifier: Apache-2.0
// What the kernel knows of the other end of a connection: is the client there, has its process read
// what was sent? One thread at a time for one peer.
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

/// An address of either family, v4-mapped ones as IPv4.
struct peer_address {
    sa_family_t family; ///< AF_INET, AF_INET6, or AF_UNIX
    in_port_t port;     ///< in network order
    struct in6_addr ip; ///< of IPv4 the first four bytes; of a Unix socket's client its process id
};

/// The other end of one connection.
struct peer {
    int fd;       ///< ours, borrowed; -1: none
    bool is_unix; ///< a Unix socket
    bool is_near; ///< TCP whose other end is a process of this machine
    bool is_shut; ///< we have closed our direction
    struct peer_address ours;
    struct peer_address theirs;
};

/// What became of bytes that were all given to the kernel.
enum peer_fate {
    PEER_TAKEN,   ///< the client's process has read them
    PEER_LOST,    ///< it never will
    PEER_UNKNOWN, ///< not to be told yet
};

/// A socket for asking the kernel about other sockets.
struct peer_lookup {
    int fd; ///< -1: not open yet
};

/// A peer of an accepted connection.
void peer_init(struct peer *peer, int fd);

/// How many bytes have come over it since it began; 0 for a Unix socket, where nobody counts.
uint64_t peer_received_bytes(const struct peer *peer);

/// True when the client has closed its direction or died: it waits for nothing any more.
bool peer_is_gone(const struct peer *peer);

/// Asks what became of all that was sent.
enum peer_fate peer_fate(const struct peer *peer, struct peer_lookup *lookup);

/// How far the client is with what it was sent.
struct peer_reading {
    int64_t taken_bytes; ///< grows as it reads; of another machine, as its kernel acknowledges
    bool has_all;        ///< nothing is left that it has not taken
};

/// Asks how far the client is, of whom `given_bytes` were given to libmicrohttpd: two looks at the
/// same peer show whether it reads.
struct peer_reading peer_reading(
    const struct peer *peer, struct peer_lookup *lookup, int64_t given_bytes
);

/// Makes the connection end with a reset, whatever lies unread in it; its fd stays open. Whoever
/// waits for the socket is woken.
void peer_cut(const struct peer *peer);

/// Makes `watched` a peer of its own, with an fd of its own, whose fate can be asked after the
/// connection is closed; our direction is closed, so that the client sees the end. False when there
/// are no more file descriptors.
bool peer_watch(const struct peer *peer, struct peer *watched);

/// Closes a watched peer's fd.
void peer_unwatch(struct peer *watched);

/// A lookup, opened when it is first needed.
void peer_lookup_init(struct peer_lookup *lookup);

/// Closes it.
void peer_lookup_dispose(struct peer_lookup *lookup);
