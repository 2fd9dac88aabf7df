// SPDX-License-Identifier: Apache-2.0
// The BIO between OpenSSL and the buffers of a machine. A BIO's data is its struct tls. Engine
// thread.
#pragma once

struct bio_method_st;

/// A method for BIOs; freed by the caller when the last BIO is gone.
struct bio_method_st *tls_transport_new(void);

/// Frees it. NULL is fine.
void tls_transport_free(struct bio_method_st *method);
