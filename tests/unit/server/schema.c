// SPDX-License-Identifier: Apache-2.0
// A schema is walked together with the value; the first misfit is kept.
#include "tests/unit/server/schema.h"

#include "server/http/openapi.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static char misfit[300];
static cJSON *document;

const cJSON *schema_document(void) {
    size_t size;
    const char *text = openapi_document(&size);
    if (!document) document = cJSON_ParseWithLength(text, size);
    return document;
}

static bool no(const char *what, const char *where) {
    (void)snprintf(misfit, sizeof misfit, "%s: %s", where, what);
    return false;
}

/// A component by a reference such as #/components/schemas/Problem; NULL when there is none.
static const cJSON *component(const char *reference) {
    char kind[40];
    const char *name = strrchr(reference, '/');
    if (sscanf(reference, "#/components/%39[a-z]", kind) != 1) return NULL;
    const cJSON *components = cJSON_GetObjectItem(schema_document(), "components");
    return cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItem(components, kind), name + 1);
}

const cJSON *schema_follow(const cJSON *one) {
    const char *reference = cJSON_GetStringValue(cJSON_GetObjectItem(one, "$ref"));
    return reference ? component(reference) : one;
}

static bool has_type(const cJSON *value, const char *type) {
    if (strcmp(type, "object") == 0) return cJSON_IsObject(value);
    if (strcmp(type, "array") == 0) return cJSON_IsArray(value);
    if (strcmp(type, "string") == 0) return cJSON_IsString(value);
    if (strcmp(type, "boolean") == 0) return cJSON_IsBool(value);
    if (strcmp(type, "null") == 0) return cJSON_IsNull(value);
    return cJSON_IsNumber(value);
}

static bool fits_type(const cJSON *type, const cJSON *value) {
    if (!type) return true;
    if (cJSON_IsString(type)) return has_type(value, type->valuestring);
    const cJSON *one;
    cJSON_ArrayForEach(one, type) {
        if (has_type(value, one->valuestring)) return true;
    }
    return false;
}

static bool fits(const cJSON *schema, const cJSON *value, const char *where);

static bool fits_object(const cJSON *schema, const cJSON *value, const char *where) {
    const cJSON *properties = cJSON_GetObjectItem(schema, "properties");
    const cJSON *additional = cJSON_GetObjectItem(schema, "additionalProperties");
    const cJSON *name;
    cJSON_ArrayForEach(name, cJSON_GetObjectItem(schema, "required")) {
        if (!cJSON_GetObjectItemCaseSensitive(value, name->valuestring))
            return no("missing", name->valuestring);
    }
    const cJSON *member;
    cJSON_ArrayForEach(member, value) {
        const cJSON *known = cJSON_GetObjectItemCaseSensitive(properties, member->string);
        if (!known && cJSON_IsFalse(additional)) return no("not in the schema", member->string);
        if (!known && cJSON_IsObject(additional)) known = additional;
        if (known && !fits(known, member, member->string)) return false;
    }
    (void)where;
    return true;
}

static bool fits_one(const cJSON *options, const cJSON *value, const char *where) {
    const cJSON *option;
    cJSON_ArrayForEach(option, options) {
        if (fits(option, value, where)) return true;
    }
    return no("fits none", where);
}

/// The document is ours, so that its depth is known.
static bool fits(const cJSON *schema, const cJSON *value, const char *where) {
    schema = schema_follow(schema);
    if (!schema) return no("no such schema", where);
    const cJSON *options = cJSON_GetObjectItem(schema, "oneOf");
    if (options) return fits_one(options, value, where);
    if (!fits_type(cJSON_GetObjectItem(schema, "type"), value)) return no("wrong type", where);
    if (cJSON_IsObject(value) && !fits_object(schema, value, where)) return false;
    const cJSON *least = cJSON_GetObjectItem(schema, "minimum");
    if (least && cJSON_IsNumber(value) && value->valuedouble < least->valuedouble)
        return no("too small", where);
    const cJSON *items = cJSON_GetObjectItem(schema, "items");
    const cJSON *item;
    if (!items || !cJSON_IsArray(value)) return true;
    cJSON_ArrayForEach(item, value) {
        if (!fits(items, item, where)) return false;
    }
    return true;
}

const char *schema_check(const cJSON *schema, const cJSON *value) {
    return fits(schema, value, "answer") ? NULL : misfit;
}

const cJSON *schema_of_answer(const char *path, const char *method, int status) {
    char lower[16] = "";
    char code[8];
    for (size_t i = 0; method[i] && i + 1 < sizeof lower; i++)
        lower[i] = (char)tolower((unsigned char)method[i]);
    (void)snprintf(code, sizeof code, "%d", status);
    if (status >= 400) return component("#/components/schemas/Problem");
    const cJSON *operation = cJSON_GetObjectItem(
        cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItem(schema_document(), "paths"), path),
        lower
    );
    const cJSON *content = cJSON_GetObjectItem(
        cJSON_GetObjectItem(cJSON_GetObjectItem(operation, "responses"), code), "content"
    );
    return cJSON_GetObjectItem(cJSON_GetObjectItem(content, "application/json"), "schema");
}
