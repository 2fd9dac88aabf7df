// SPDX-License-Identifier: Apache-2.0
// All in memory; time stands still at 0.
#include "tests/unit/security/sasl_rig.h"

#include "tests/unit/suite.h"

void sasl_client_init(
    struct sasl_client *client, const struct sasl_options *options, const char *nonce
) {
    char error[SASL_ERROR_BYTES] = "";
    *client = (struct sasl_client){ 0 };
    client->credentials = sasl_credentials_new(options, error);
    ck_assert_msg(client->credentials != NULL, "%s", error);
    client->sasl = sasl_new(client->credentials, "broker.test");
    if (nonce) sasl_set_nonce(client->sasl, nonce);
    ck_assert_int_eq(sasl_first(client->sasl, 0, &client->message), SASL_SEND);
}

void sasl_client_dispose(struct sasl_client *client) {
    buf_dispose(&client->message);
    sasl_free(client->sasl);
    sasl_credentials_free(client->credentials);
}

enum sasl_turn sasl_client_answer(struct sasl_client *client, const char *text) {
    buf_clear(&client->message);
    return sasl_next(client->sasl, slice_from_string(text), &client->message);
}
