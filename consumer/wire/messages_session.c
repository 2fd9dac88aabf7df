// SPDX-License-Identifier: Apache-2.0
// Field tables, in wire order.
#include "consumer/wire/messages_session.h"

#include "consumer/wire/field.h"

#define OF struct request_header
static const struct field request_header_fields[] = {
    { INT16(request_api_key), SINCE(0) },
    { INT16(request_api_version), SINCE(0) },
    { INT32(correlation_id), SINCE(0) },
    { STRING(client_id), SINCE(1), NULLABLE(1), PLAIN },
};
#undef OF
MESSAGE(request_header, 2);

#define OF struct response_header
static const struct field response_header_fields[] = {
    { INT32(correlation_id), SINCE(0) },
};
#undef OF
MESSAGE(response_header, 1);

#define OF struct api_versions_request
static const struct field api_versions_request_fields[] = {
    { STRING(client_software_name), SINCE(3) },
    { STRING(client_software_version), SINCE(3) },
    { STRING(cluster_id), SINCE(5), NULLABLE(5), DEFAULT_NULL },
    { INT32(node_id), SINCE(5), DEFAULT(-1) },
};
#undef OF
MESSAGE(api_versions_request, 3);

#define OF struct api_versions_response_api
static const struct field api_versions_response_api_fields[] = {
    { INT16(api_key), SINCE(0) },
    { INT16(min_version), SINCE(0) },
    { INT16(max_version), SINCE(0) },
};
#undef OF
NESTED(api_versions_response_api);

#define OF struct api_versions_response_supported_feature
static const struct field api_versions_response_supported_feature_fields[] = {
    { STRING(name), SINCE(3) },
    { INT16(min_version), SINCE(3) },
    { INT16(max_version), SINCE(3) },
};
#undef OF
NESTED(api_versions_response_supported_feature);

#define OF struct api_versions_response_finalized_feature
static const struct field api_versions_response_finalized_feature_fields[] = {
    { STRING(name), SINCE(3) },
    { INT16(max_version_level), SINCE(3) },
    { INT16(min_version_level), SINCE(3) },
};
#undef OF
NESTED(api_versions_response_finalized_feature);

#define OF struct api_versions_response
static const struct field api_versions_response_fields[] = {
    { INT16(error_code), SINCE(0) },
    { STRUCT_ARRAY(api_keys, api_versions_response_api), SINCE(0) },
    { INT32(throttle_time_ms), SINCE(1) },
    { STRUCT_ARRAY(supported_features, api_versions_response_supported_feature), SINCE(3), TAG(0) },
    { INT64(finalized_features_epoch), SINCE(3), TAG(1), DEFAULT(-1) },
    { STRUCT_ARRAY(finalized_features, api_versions_response_finalized_feature), SINCE(3), TAG(2) },
    { BOOL(zk_migration_ready), SINCE(3), TAG(3) },
};
#undef OF
MESSAGE(api_versions_response, 3);

#define OF struct sasl_handshake_request
static const struct field sasl_handshake_request_fields[] = {
    { STRING(mechanism), SINCE(0) },
};
#undef OF
MESSAGE(sasl_handshake_request, NEVER_FLEXIBLE);

#define OF struct sasl_handshake_response
static const struct field sasl_handshake_response_fields[] = {
    { INT16(error_code), SINCE(0) },
    { STRING_ARRAY(mechanisms), SINCE(0) },
};
#undef OF
MESSAGE(sasl_handshake_response, NEVER_FLEXIBLE);

#define OF struct sasl_authenticate_request
static const struct field sasl_authenticate_request_fields[] = {
    { BYTES(auth_bytes), SINCE(0) },
};
#undef OF
MESSAGE(sasl_authenticate_request, 2);

#define OF struct sasl_authenticate_response
static const struct field sasl_authenticate_response_fields[] = {
    { INT16(error_code), SINCE(0) },
    { STRING(error_message), SINCE(0), NULLABLE(0) },
    { BYTES(auth_bytes), SINCE(0) },
    { INT64(session_lifetime_ms), SINCE(1) },
};
#undef OF
MESSAGE(sasl_authenticate_response, 2);
