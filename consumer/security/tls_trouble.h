// SPDX-License-Identifier: Apache-2.0
// Tells the failures of a machine apart: verdicts, alerts, peers that speak no TLS, and what
// OpenSSL itself says. Engine thread.
#pragma once

#include <stdbool.h>

struct tls;

/// Fails the machine for what OpenSSL reports; `error` is SSL_get_error()'s. Empties OpenSSL's
/// queue of errors.
void tls_trouble_tell(struct tls *tls, int error);

/// Fails a machine whose peer closed the connection in the handshake.
void tls_trouble_closed(struct tls *tls);

/// Fails an open machine whose peer closed the connection in place of a first byte, after it had
/// asked in vain for a certificate; false when it was not so. The alert that says so may be lost
/// when the peer resets the connection.
bool tls_trouble_refused(struct tls *tls);
