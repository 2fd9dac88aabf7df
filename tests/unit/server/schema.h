// SPDX-License-Identifier: Apache-2.0
// Checks answers against the OpenAPI document: just the part of JSON Schema that it uses. One
// thread.
#pragma once

#include <cjson/cJSON.h>

#include <stddef.h>

/// The parsed document; borrowed.
const cJSON *schema_document(void);

/// What a reference ({"$ref":…}) names, NULL when there is none such; anything else is itself.
const cJSON *schema_follow(const cJSON *one);

/// Checks a value against a schema; NULL when it fits, else what does not, valid until the next
/// call.
const char *schema_check(const cJSON *schema, const cJSON *value);

/// The schema of a call's answer, by its path as in the document ("/v1/topics/{topic}"), its method
/// and its status; NULL when there is none. Problems have one whatever the path.
const cJSON *schema_of_answer(const char *path, const char *method, int status);
