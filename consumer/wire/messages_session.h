// SPDX-License-Identifier: Apache-2.0
// The two headers, ApiVersions and the SASL exchange: what a connection needs before anything else.
// Plain data, any thread.
#pragma once

#include "consumer/wire/schema.h"

/// What every request begins with. v1 before flexible versions, v2 with them.
struct request_header {
    int16_t request_api_key;
    int16_t request_api_version;
    int32_t correlation_id;
    struct slice client_id;
};

/// The table of struct request_header.
extern const struct schema request_header_schema;

/// What every response begins with. v1 when the response is flexible; always v0 for ApiVersions.
struct response_header {
    int32_t correlation_id;
};

/// The table of struct response_header.
extern const struct schema response_header_schema;

/// ApiVersions (18), v0 and v3-5: which versions the broker speaks, and who asks (KIP-511).
struct api_versions_request {
    struct slice client_software_name;
    struct slice client_software_version;
    struct slice cluster_id;
    int32_t node_id;
};

/// The table of struct api_versions_request.
extern const struct schema api_versions_request_schema;

/// One api of ApiVersionsResponse.
struct api_versions_response_api {
    int16_t api_key;
    int16_t min_version;
    int16_t max_version;
};

/// One supported feature of ApiVersionsResponse.
struct api_versions_response_supported_feature {
    struct slice name;
    int16_t min_version;
    int16_t max_version;
};

/// One finalized feature of ApiVersionsResponse.
struct api_versions_response_finalized_feature {
    struct slice name;
    int16_t max_version_level;
    int16_t min_version_level;
};

/// The answer to ApiVersions. With UNSUPPORTED_VERSION it has the layout of v0 whatever was asked.
struct api_versions_response {
    int16_t error_code;
    struct api_versions_response_api *api_keys;
    int32_t api_keys_count;
    int32_t throttle_time_ms;
    struct api_versions_response_supported_feature *supported_features;
    int32_t supported_features_count;
    int64_t finalized_features_epoch;
    struct api_versions_response_finalized_feature *finalized_features;
    int32_t finalized_features_count;
    bool zk_migration_ready;
};

/// The table of struct api_versions_response_api.
extern const struct schema api_versions_response_api_schema;
/// The table of struct api_versions_response_supported_feature.
extern const struct schema api_versions_response_supported_feature_schema;
/// The table of struct api_versions_response_finalized_feature.
extern const struct schema api_versions_response_finalized_feature_schema;
/// The table of struct api_versions_response.
extern const struct schema api_versions_response_schema;

/// SaslHandshake (17), v1: which mechanism SaslAuthenticate is going to use (KIP-152).
struct sasl_handshake_request {
    struct slice mechanism;
};

/// The table of struct sasl_handshake_request.
extern const struct schema sasl_handshake_request_schema;

/// The answer to SaslHandshake; the mechanisms are those of the listener, whatever was asked.
struct sasl_handshake_response {
    int16_t error_code;
    struct slice *mechanisms;
    int32_t mechanisms_count;
};

/// The table of struct sasl_handshake_response.
extern const struct schema sasl_handshake_response_schema;

/// SaslAuthenticate (36), v0-2: one message of the mechanism.
struct sasl_authenticate_request {
    struct slice auth_bytes;
};

/// The table of struct sasl_authenticate_request.
extern const struct schema sasl_authenticate_request_schema;

/// The answer to SaslAuthenticate; the lifetime is that of the session (KIP-368), 0: without end.
struct sasl_authenticate_response {
    int16_t error_code;
    struct slice error_message;
    struct slice auth_bytes;
    int64_t session_lifetime_ms;
};

/// The table of struct sasl_authenticate_response.
extern const struct schema sasl_authenticate_response_schema;
