// SPDX-License-Identifier: Apache-2.0
// AWS Signature Version 4: signs a request to an AWS service, in its query (a "presigned URL") or
// in its headers. Computes only; any thread.
#pragma once

#include "consumer/base/bytes.h"

#include <stddef.h>
#include <stdint.h>

enum {
    SIGV4_MOST_PAIRS = 16, ///< query parameters, and headers, with those that signing adds
    SIGV4_DATE_BYTES = 20,
    SIGV4_SIGNATURE_BYTES = 65,
};

/// Who signs.
struct sigv4_keys {
    const char *access_key_id;
    const char *secret_access_key;
    const char *session_token; ///< of temporary credentials; NULL: none
};

/// One query parameter, or one header.
struct sigv4_pair {
    const char *name;  ///< of a header: in lower case
    const char *value; ///< of a header: without blanks around it, or several in a row
};

/// What is signed. Nothing is encoded yet; pairs are in any order. Headers include "host".
struct sigv4_request {
    const char *method;
    const char *path; ///< absolute, without "." and ".." and "//"
    const struct sigv4_pair *query;
    size_t query_count;
    const struct sigv4_pair *headers;
    size_t header_count;
    struct slice payload;
    const char *region;
    const char *service;
    int64_t wall_ms;   ///< since 1970
    int expires_after; ///< in seconds: the signature goes into the query; 0: into the headers
};

/// A signature, and what goes with it.
struct sigv4_signed {
    char date[SIGV4_DATE_BYTES];           ///< X-Amz-Date: "20150830T123600Z"
    char signature[SIGV4_SIGNATURE_BYTES]; ///< in hexadecimal
    struct buf credential;                 ///< key id and scope: "AKID/20150830/us-east-1/…"
    struct buf signed_headers;             ///< "host;x-amz-date"
    struct buf query; ///< encoded, with the X-Amz- parameters, without the signature
};

/// Signs a request. The result is the caller's, for sigv4_signed_dispose().
void sigv4_sign(
    const struct sigv4_request *request, const struct sigv4_keys *keys, struct sigv4_signed *result
);

/// Overwrites and frees what it holds.
void sigv4_signed_dispose(struct sigv4_signed *result);

/// Appends the value of the header "Authorization". The request then also has the headers
/// x-amz-date and, with a session token, x-amz-security-token.
void sigv4_authorization(const struct sigv4_signed *result, struct buf *value);

/// Appends a text with all but letters, digits and "-._~" as %XX, in UTF-8's bytes.
void sigv4_encode(struct slice text, struct buf *encoded);
