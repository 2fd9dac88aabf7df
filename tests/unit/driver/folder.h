// SPDX-License-Identifier: Apache-2.0
// A folder for a test's files, and settings that name them.
#pragma once

#include "consumer/engine/options.h"

enum { FOLDER_PATH_BYTES = 200 };

/// The folder. Init and dispose.
struct folder {
    char path[FOLDER_PATH_BYTES];
};

/// Makes an empty folder.
void folder_init(struct folder *folder);

/// Removes it with all that is in it.
void folder_dispose(struct folder *folder);

/// Writes a file; what was there is replaced as a whole.
void folder_write(const struct folder *folder, const char *name, const char *content);

/// Removes a file.
void folder_remove(const struct folder *folder, const char *name);

/// Makes a symbolic link, in place of one that is there.
void folder_link(const struct folder *folder, const char *name, const char *target);

/// Sets an option; '@' in the value stands for the folder's path.
void folder_set(
    const struct folder *folder, struct options *options, const char *key, const char *value
);
