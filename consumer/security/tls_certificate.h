// SPDX-License-Identifier: Apache-2.0
// What people want to read of a certificate. All texts are printable ASCII, whatever the
// certificate's maker put in. Any thread.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct asn1_string_st;
struct X509_name_st;
struct x509_st;

/// Writes a name as "CN=a,O=b" (RFC 2253), cut with "..." to what fits.
void tls_certificate_name(const struct X509_name_st *name, char *text, size_t size);

/// Writes the hosts that a certificate is for: its alternative names of DNS and IP, or, as in the
/// days before them, its common name. At most a few; then how many more there are.
void tls_certificate_hosts(const struct x509_st *certificate, char *text, size_t size);

/// Writes a certificate's time as "2026-01-31T12:00:00Z".
void tls_certificate_time(const struct asn1_string_st *when, char *text, size_t size);

/// When a certificate expires, in ms since 1970; 0 when its date is none.
int64_t tls_certificate_expires_at_ms(const struct x509_st *certificate);
