// SPDX-License-Identifier: Apache-2.0
// Whose certificate is accepted: the host that it must be for, and the verdict on a chain. Engine
// thread.
#pragma once

#include <stdbool.h>

struct tls;
struct tls_facts;
struct x509_store_ctx_st;

/// Names the machine's host to OpenSSL: for SNI, unless it is an IP literal, and for verification,
/// unless that is off. False when it cannot be one.
bool tls_verify_host(struct tls *tls);

/// OpenSSL's callback on each certificate of a chain: keeps the first error as the machine's
/// verdict with its sentence.
int tls_verify_callback(int is_good, struct x509_store_ctx_st *chain);

/// Fills in what the facts say of the broker's certificate.
void tls_verify_describe(const struct tls *tls, struct tls_facts *facts);
