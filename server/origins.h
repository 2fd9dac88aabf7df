// SPDX-License-Identifier: Apache-2.0
// Where each setting got its value from, and which keys were accepted although they do nothing
// here. Written at start by one thread, read by all.
#pragma once

#include <stddef.h>

/// The kinds of source, weakest first.
enum origin_kind {
    ORIGIN_DEFAULT,
    ORIGIN_FILE,
    ORIGIN_ENVIRONMENT,
    ORIGIN_FLAG, ///< a flag of its own, such as --group
    ORIGIN_SET,  ///< --set
};

/// One source of one value. Texts are borrowed; those of an entry live as long as the origins.
struct origin {
    enum origin_kind kind;
    const char *place; ///< file:line, the variable's name or the flag; "" for a default
    const char *spelt; ///< the key as it was written there; NULL: as we call it
    const char *idle;  ///< why the key does nothing here; NULL: it does something
};

/// The sources of one set of settings.
struct origins;

/// Nothing is noted: all is default. The caller frees it.
struct origins *origins_new(void);

/// Frees it. NULL is fine.
void origins_free(struct origins *origins);

/// Notes where a key's value comes from, in place of what was noted before. All is copied but for
/// `idle`, which must be static.
void origins_note(struct origins *origins, const char *key, struct origin origin);

/// Where a key's value comes from; the default's origin when nothing was noted.
const struct origin *origins_find(const struct origins *origins, const char *key);

/// The `index`th key that was noted although it does nothing, with its origin; NULL past the last.
const char *origins_idle(const struct origins *origins, size_t index, const struct origin **origin);

/// The name of a kind ("default", "file", "environment", "flag", "set"). Static.
const char *origins_kind_name(enum origin_kind kind);
