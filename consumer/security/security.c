// SPDX-License-Identifier: Apache-2.0
// A snapshot lives as long as a connection was made with it.
#include "consumer/security/security.h"

#include "consumer/base/must.h"
#include "consumer/security/sasl.h"
#include "consumer/security/tls_context.h"

#include <stdlib.h>

bool security_has_tls(enum security_protocol protocol) {
    return protocol == SECURITY_SSL || protocol == SECURITY_SASL_SSL;
}

bool security_has_sasl(enum security_protocol protocol) {
    return protocol == SECURITY_SASL_PLAINTEXT || protocol == SECURITY_SASL_SSL;
}

struct security *security_new_take(
    enum security_protocol protocol, struct tls_context *tls, struct sasl_credentials *sasl
) {
    must(security_has_tls(protocol) == (tls != NULL));
    must(security_has_sasl(protocol) == (sasl != NULL));
    struct security *security = must_alloc(sizeof *security);
    *security = (struct security){
        .references = 1,
        .protocol = protocol,
        .tls = tls,
        .sasl = sasl,
    };
    return security;
}

struct security *security_ref(struct security *security) {
    must(security->references > 0);
    security->references++;
    return security;
}

void security_unref(struct security *security) {
    if (!security) return;
    must(security->references > 0);
    if (--security->references > 0) return;
    tls_context_free(security->tls);
    sasl_credentials_free(security->sasl);
    free(security);
}
