// SPDX-License-Identifier: Apache-2.0
// TLS 1.2 and 1.3 of one connection to a broker, as a machine: bytes in, bytes out, no socket.
// Engine thread.
#pragma once

#include "consumer/base/bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tls_context;

/// Where a machine stands. Each value names the states that may follow.
enum tls_state {
    TLS_HANDSHAKING, ///< → OPEN, FAILED
    TLS_OPEN,        ///< plaintext flows both ways → ENDED, FAILED
    TLS_ENDED,       ///< closed by either side's close_notify, or by the peer without one
    TLS_FAILED,      ///< tls_failure_of() and tls_why() say why
};

/// Why a machine failed.
enum tls_failure {
    TLS_NO_FAILURE,
    // the broker's certificate
    TLS_UNKNOWN_CA,      ///< its chain ends at no trusted certificate; a self-signed one, too
    TLS_EXPIRED,         ///< it, or a CA of its chain
    TLS_NOT_YET_VALID,   ///< it, or a CA of its chain
    TLS_WRONG_HOST,      ///< it names other hosts
    TLS_BAD_CERTIFICATE, ///< anything else: purpose, weak key or digest, damage
    // the client's certificate
    TLS_CERTIFICATE_REQUIRED, ///< the broker wants one, and none was to be had
    TLS_CLIENT_REFUSED,       ///< the broker does not accept it: unknown CA, bad certificate
    TLS_CLIENT_EXPIRED,       ///< it has expired
    // the handshake
    TLS_NO_COMMON_CIPHER,    ///< or curve, or signature: handshake_failure
    TLS_PROTOCOL_VERSION,    ///< no version of TLS that both speak
    TLS_NOT_TLS,             ///< the peer speaks something else
    TLS_CLOSED_IN_HANDSHAKE, ///< as a plaintext listener does when it meets TLS
    TLS_PROTOCOL_ERROR,      ///< bytes that TLS does not allow there, or another alert
};

/// Bounds. Received bytes wait in one staging buffer; behind it OpenSSL holds one record (16 KiB)
/// and one handshake message (100 KiB at most). Bytes to send are what was written, plus at most 64
/// bytes for each 16 KiB, plus the handshake's.
enum { TLS_STAGING_BYTES = 32 * 1024, TLS_WHY_BYTES = 512 };

/// What is known of an open connection, for logs and status.
struct tls_facts {
    const char *protocol; ///< "TLSv1.3". Static
    const char *cipher;   ///< IANA's name. Static
    bool is_resumed;
    bool is_client_certificate_asked; ///< a resumed handshake does not ask
    int64_t expires_at_ms;            ///< of the broker's certificate, since 1970
    char subject[128];                ///< of the broker's certificate, printable; may be cut
};

/// One connection's machine.
struct tls;

/// A machine in TLS_HANDSHAKING that holds the context; the caller frees it. `host` is borrowed: a
/// name (one trailing dot is left out) or an IP literal, and comes from users or from brokers.
struct tls *tls_new(struct tls_context *context, const char *host, int32_t port);

/// Frees it at once, whatever its state. NULL is fine.
void tls_free(struct tls *tls);

/// Makes the ClientHello, once.
enum tls_state tls_begin(struct tls *tls);

/// Where the next received bytes go: borrowed until tls_on_bytes() or tls_read(). Never empty while
/// all plaintext was read before: until tls_read() gave less than asked for.
void tls_space(struct tls *tls, uint8_t **data, size_t *size);

/// `count` bytes were received into the space: goes on with the handshake. Afterwards, when the
/// state is TLS_OPEN, plaintext is to be read; take what is to be sent in any case, alerts
/// included.
enum tls_state tls_on_bytes(struct tls *tls, size_t count);

/// Copies plaintext that has come, at most `size` bytes; less: there is no more, and tls_state() is
/// to be asked, since reading is what finds alerts (a broker's refusal of the client's certificate
/// comes after the handshake in TLS 1.3) and close_notify. 0 in every state but TLS_OPEN.
size_t tls_read(struct tls *tls, uint8_t *data, size_t size);

/// Encrypts bytes to send. Not while handshaking; in TLS_ENDED and TLS_FAILED nothing happens.
void tls_write(struct tls *tls, struct slice plain);

/// Says close_notify, when the connection is open: it is TLS_ENDED then.
void tls_end(struct tls *tls);

/// The peer closed the socket, or it broke: TLS_ENDED (a missing close_notify is a normal end,
/// since Kafka's frames have their lengths), or TLS_FAILED in the handshake.
enum tls_state tls_on_closed(struct tls *tls);

/// Moves the encrypted bytes to send into `output`, whose old memory must be empty; false when
/// there are none. The caller owns them. A failed machine may have an alert for the peer.
bool tls_take_output(struct tls *tls, struct buf *output);

/// The state.
enum tls_state tls_state(const struct tls *tls);

/// Why the machine failed; TLS_NO_FAILURE in the other states.
enum tls_failure tls_failure_of(const struct tls *tls);

/// One sentence for people on the failure; "" without one. Texts of the peer in it are printable
/// ASCII. Borrowed until the machine is freed.
const char *tls_why(const struct tls *tls);

/// What is known of the connection; NULL before the handshake is done. Borrowed until the machine
/// is freed.
const struct tls_facts *tls_facts(const struct tls *tls);

/// The failure as status pages and metrics spell it: "unknown_ca". Static.
const char *tls_failure_name(enum tls_failure failure);
