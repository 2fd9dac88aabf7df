// SPDX-License-Identifier: Apache-2.0
// Sources: the state and the counters of our own socket, and for clients on this machine those of
// their socket, which the kernel tells by netlink (sock_diag(7)): how much arrived, how much of it
// the process has left unread. That a near client's kernel has acknowledged nothing means nothing:
// it delays acknowledgements by up to 40 ms.
#include "server/http/peer.h"

#include "server/base/must.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { REPLY_BYTES = 4096, REPLY_TIMEOUT_US = 100000 };

/// The states of TCP that matter here, as the kernel numbers them.
enum tcp_state { STATE_CLOSED = 7, STATE_CLOSE_WAIT = 8, STATE_LAST_ACK = 9 };

/// What the kernel says of a near client's socket.
enum near_kind {
    NEAR_OPEN,     ///< it is there; `read_bytes` counts
    NEAR_GONE,     ///< the process has closed it
    NEAR_NOT_TOLD, ///< the question was not answered
};

/// An answer to a question about a near client.
struct near_answer {
    enum near_kind kind;
    uint64_t read_bytes; ///< that the process has read since the connection began
};

static void set_ipv4(struct peer_address *address, const void *ip) {
    address->family = AF_INET;
    memset(&address->ip, 0, sizeof address->ip);
    memcpy(&address->ip, ip, sizeof(struct in_addr));
}

static bool set_address(struct peer_address *address, const struct sockaddr_storage *from) {
    const struct sockaddr_in *ipv4 = (const void *)from;
    const struct sockaddr_in6 *ipv6 = (const void *)from;
    if (from->ss_family == AF_INET) {
        set_ipv4(address, &ipv4->sin_addr);
        address->port = ipv4->sin_port;
        return true;
    }
    if (from->ss_family != AF_INET6) return false;
    address->port = ipv6->sin6_port;
    if (IN6_IS_ADDR_V4MAPPED(&ipv6->sin6_addr)) {
        set_ipv4(address, &ipv6->sin6_addr.s6_addr[12]);
    } else {
        address->family = AF_INET6;
        address->ip = ipv6->sin6_addr;
    }
    return true;
}

static void set_process(struct peer_address *address, int fd) {
    struct ucred credentials = { 0 };
    socklen_t size = sizeof credentials;
    (void)getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size);
    address->family = AF_UNIX;
    memcpy(&address->ip, &credentials.pid, sizeof credentials.pid);
}

static bool is_loopback(const struct peer_address *address) {
    if (address->family == AF_INET) return address->ip.s6_addr[0] == IN_LOOPBACKNET;
    return IN6_IS_ADDR_LOOPBACK(&address->ip);
}

void peer_init(struct peer *peer, int fd) {
    must(fd >= 0);
    struct sockaddr_storage ours = { 0 };
    struct sockaddr_storage theirs = { 0 };
    socklen_t our_size = sizeof ours;
    socklen_t their_size = sizeof theirs;
    *peer = (struct peer){ .fd = fd };
    if (getsockname(fd, (struct sockaddr *)&ours, &our_size) != 0) return;
    peer->is_unix = ours.ss_family == AF_UNIX;
    if (peer->is_unix) set_process(&peer->theirs, fd);
    if (getpeername(fd, (struct sockaddr *)&theirs, &their_size) != 0) return;
    if (!set_address(&peer->ours, &ours) || !set_address(&peer->theirs, &theirs)) return;
    bool same = memcmp(&peer->ours.ip, &peer->theirs.ip, sizeof peer->ours.ip) == 0;
    peer->is_near = is_loopback(&peer->theirs) || same;
}

bool peer_is_gone(const struct peer *peer) {
    struct pollfd asked = { .fd = peer->fd, .events = POLLRDHUP };
    return poll(&asked, 1, 0) != 0;
}

void peer_lookup_init(struct peer_lookup *lookup) {
    lookup->fd = -1;
}

void peer_lookup_dispose(struct peer_lookup *lookup) {
    if (lookup->fd >= 0) (void)close(lookup->fd);
    lookup->fd = -1;
}

/// A question about one TCP socket of this machine, by its addresses.
struct question {
    struct nlmsghdr head;
    struct inet_diag_req_v2 about;
};

/// The client's socket has our addresses the other way round.
static void ask(struct question *question, const struct peer *peer) {
    must(peer->is_near && !peer->is_unix);
    *question = (struct question){
        .head = { .nlmsg_len = sizeof *question,
                  .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                  .nlmsg_flags = NLM_F_REQUEST },
        .about = { .sdiag_family = (uint8_t)peer->theirs.family,
                   .sdiag_protocol = IPPROTO_TCP,
                   .idiag_ext = 1 << (INET_DIAG_INFO - 1),
                   .idiag_states = UINT32_MAX,
                   .id = { .idiag_sport = peer->theirs.port,
                           .idiag_dport = peer->ours.port,
                           .idiag_cookie = { INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE } } },
    };
    memcpy(question->about.id.idiag_src, &peer->theirs.ip, sizeof peer->theirs.ip);
    memcpy(question->about.id.idiag_dst, &peer->ours.ip, sizeof peer->ours.ip);
}

static bool open_lookup(struct peer_lookup *lookup) {
    const struct timeval timeout = { .tv_usec = REPLY_TIMEOUT_US };
    if (lookup->fd >= 0) return true;
    lookup->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (lookup->fd < 0) return false;
    (void)setsockopt(lookup->fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    return true;
}

/// Finds the counters among an answer's attributes. Sockets whose process is gone have none.
static bool find_info(const uint8_t *at, size_t size, struct tcp_info *info) {
    struct rtattr attribute;
    while (size >= sizeof attribute) {
        memcpy(&attribute, at, sizeof attribute);
        if (attribute.rta_len < sizeof attribute || attribute.rta_len > size) return false;
        size_t length = attribute.rta_len - sizeof attribute;
        if (attribute.rta_type == INET_DIAG_INFO) {
            *info = (struct tcp_info){ 0 };
            memcpy(info, at + sizeof attribute, length < sizeof *info ? length : sizeof *info);
            return length >= offsetof(struct tcp_info, tcpi_bytes_received) + sizeof(uint64_t);
        }
        size_t step = RTA_ALIGN(attribute.rta_len);
        if (step > size) return false;
        at += step;
        size -= step;
    }
    return false;
}

static struct near_answer read_answer(const uint8_t *reply, size_t size) {
    const struct near_answer not_told = { NEAR_NOT_TOLD, 0 };
    struct nlmsghdr head;
    struct inet_diag_msg answer;
    struct tcp_info info;
    if (size < sizeof head) return not_told;
    memcpy(&head, reply, sizeof head);
    reply += sizeof head;
    size -= sizeof head;
    if (head.nlmsg_type == NLMSG_ERROR && size >= sizeof(int)) {
        int error;
        memcpy(&error, reply, sizeof error);
        return error == -ENOENT ? (struct near_answer){ NEAR_GONE, 0 } : not_told;
    }
    if (head.nlmsg_type != SOCK_DIAG_BY_FAMILY || size < sizeof answer) return not_told;
    memcpy(&answer, reply, sizeof answer);
    if (!find_info(reply + sizeof answer, size - sizeof answer, &info)) {
        return (struct near_answer){ NEAR_GONE, 0 };
    }
    return (struct near_answer){ NEAR_OPEN, info.tcpi_bytes_received - answer.idiag_rqueue };
}

static struct near_answer ask_near(const struct peer *peer, struct peer_lookup *lookup) {
    must(lookup != NULL);
    struct question question;
    uint8_t reply[REPLY_BYTES];
    if (!open_lookup(lookup)) return (struct near_answer){ NEAR_NOT_TOLD, 0 };
    ask(&question, peer);
    ssize_t sent = send(lookup->fd, &question, sizeof question, 0);
    ssize_t size = sent < 0 ? sent : recv(lookup->fd, reply, sizeof reply, 0);
    if (size >= 0) return read_answer(reply, (size_t)size);
    // A late reply must not be taken for the next question's.
    peer_lookup_dispose(lookup);
    return (struct near_answer){ NEAR_NOT_TOLD, 0 };
}

static int unsent_bytes(int fd) {
    int bytes = 0;
    return ioctl(fd, SIOCOUTQ, &bytes) == 0 ? bytes : 1;
}

static int pending_error(int fd) {
    int error = 0;
    socklen_t size = sizeof error;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

/// Our own socket's counters; all zero, and closed, when it has none any more.
static struct tcp_info own_info(int fd) {
    struct tcp_info info = { 0 };
    socklen_t size = sizeof info;
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) info.tcpi_state = STATE_CLOSED;
    return info;
}

uint64_t peer_received_bytes(const struct peer *peer) {
    return peer->is_unix ? 0 : own_info(peer->fd).tcpi_bytes_received;
}

/// All that was ever written to the socket, sent or not.
static uint64_t written_bytes(const struct tcp_info *info) {
    return info->tcpi_bytes_sent - info->tcpi_bytes_retrans + info->tcpi_notsent_bytes;
}

/// The client of a Unix socket reads straight from our send queue. When it dies its queue is thrown
/// away, but only after the error is set; hence the order.
static enum peer_fate fate_on_unix(const struct peer *peer) {
    int unsent = unsent_bytes(peer->fd);
    if (pending_error(peer->fd) != 0) return PEER_LOST;
    return unsent == 0 ? PEER_TAKEN : PEER_UNKNOWN;
}

/// Closed from both sides: in good order, or by a reset.
static enum peer_fate fate_when_closed(const struct peer *peer, int unsent) {
    must(!peer->is_unix);
    char byte;
    if (!peer->is_shut || pending_error(peer->fd) != 0 || unsent > 0) return PEER_LOST;
    ssize_t size = recv(peer->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return size >= 0 ? PEER_TAKEN : PEER_LOST;
}

static enum peer_fate fate_of_near(
    const struct peer *peer, const struct tcp_info *info, struct peer_lookup *lookup
) {
    struct near_answer answer = ask_near(peer, lookup);
    if (answer.kind == NEAR_OPEN) {
        return answer.read_bytes >= written_bytes(info) ? PEER_TAKEN : PEER_UNKNOWN;
    }
    // A process that closes with something unread resets the connection.
    bool closed_in_order = info->tcpi_state == STATE_CLOSE_WAIT && unsent_bytes(peer->fd) == 0;
    return closed_in_order ? PEER_TAKEN : PEER_UNKNOWN;
}

/// What a far client's process has read cannot be seen: what its kernel has acknowledged counts, on
/// a connection that goes on or was closed from its side. Where we have closed, its end will come.
static enum peer_fate fate_of_far(const struct peer *peer, int unsent, int state) {
    if (unsent > 0) return PEER_UNKNOWN;
    return peer->is_shut && state != STATE_LAST_ACK ? PEER_UNKNOWN : PEER_TAKEN;
}

enum peer_fate peer_fate(const struct peer *peer, struct peer_lookup *lookup) {
    must(peer->fd >= 0);
    if (peer->is_unix) return fate_on_unix(peer);
    int unsent = unsent_bytes(peer->fd);
    const struct tcp_info info = own_info(peer->fd);
    if (info.tcpi_state == STATE_CLOSED) return fate_when_closed(peer, unsent);
    if (peer->is_near) return fate_of_near(peer, &info, lookup);
    return fate_of_far(peer, unsent, info.tcpi_state);
}

struct peer_reading peer_reading(
    const struct peer *peer, struct peer_lookup *lookup, int64_t given_bytes
) {
    must(peer->fd >= 0 && given_bytes >= 0);
    int unsent = unsent_bytes(peer->fd);
    if (peer->is_unix) return (struct peer_reading){ given_bytes - unsent, unsent == 0 };
    const struct tcp_info info = own_info(peer->fd);
    struct near_answer near = { NEAR_NOT_TOLD, 0 };
    if (peer->is_near) near = ask_near(peer, lookup);
    if (near.kind == NEAR_OPEN) {
        return (struct peer_reading){ (int64_t)near.read_bytes,
                                      near.read_bytes >= written_bytes(&info) };
    }
    return (struct peer_reading){ (int64_t)info.tcpi_bytes_acked, unsent == 0 };
}

void peer_cut(const struct peer *peer) {
    const struct linger at_once = { .l_onoff = 1 };
    must(peer->fd >= 0);
    (void)setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    (void)shutdown(peer->fd, SHUT_RDWR);
}

bool peer_watch(const struct peer *peer, struct peer *watched) {
    must(!peer->is_shut);
    *watched = *peer;
    watched->fd = fcntl(peer->fd, F_DUPFD_CLOEXEC, 0);
    if (watched->fd < 0) return false;
    (void)shutdown(watched->fd, SHUT_WR);
    watched->is_shut = true;
    return true;
}

void peer_unwatch(struct peer *watched) {
    must(watched->fd >= 0);
    (void)close(watched->fd);
    watched->fd = -1;
}
