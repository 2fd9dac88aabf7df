// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/driver/folder.h"

#include <check.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_BYTES = 2 * FOLDER_PATH_BYTES, VALUE_BYTES = 2000 };

void folder_init(struct folder *folder) {
    (void)snprintf(folder->path, sizeof folder->path, "/tmp/kafka-sidecar-unit-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder->path));
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *at) {
    (void)status;
    (void)kind;
    (void)at;
    return remove(path);
}

void folder_dispose(struct folder *folder) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): a test has one thread
    ck_assert_int_eq(nftw(folder->path, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static void join(const struct folder *folder, const char *name, char path[PATH_BYTES]) {
    (void)snprintf(path, PATH_BYTES, "%s/%s", folder->path, name);
}

void folder_write(const struct folder *folder, const char *name, const char *content) {
    char path[PATH_BYTES];
    char beside[PATH_BYTES];
    join(folder, name, path);
    join(folder, ".new", beside);
    FILE *file = fopen(beside, "we");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(content, file), 0);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(rename(beside, path), 0);
}

void folder_remove(const struct folder *folder, const char *name) {
    char path[PATH_BYTES];
    join(folder, name, path);
    ck_assert_int_eq(unlink(path), 0);
}

void folder_link(const struct folder *folder, const char *name, const char *target) {
    char path[PATH_BYTES];
    char beside[PATH_BYTES];
    join(folder, name, path);
    join(folder, ".new", beside);
    ck_assert_int_eq(symlink(target, beside), 0);
    ck_assert_int_eq(rename(beside, path), 0);
}

void folder_set(
    const struct folder *folder, struct options *options, const char *key, const char *value
) {
    char text[VALUE_BYTES] = "";
    char error[OPTION_ERROR_BYTES] = "";
    size_t size = 0;
    for (; *value; value++) {
        const char piece[2] = { *value, '\0' };
        const char *added = *value == '@' ? folder->path : piece;
        ck_assert_uint_lt(size + strlen(added), sizeof text);
        size += (size_t)snprintf(text + size, sizeof text - size, "%s", added);
    }
    ck_assert_msg(options_set(options, key, text, error) == STATUS_OK, "%s", error);
}
