// SPDX-License-Identifier: Apache-2.0
// A pipe or a device could hold the reading thread for ever: they are refused.
#include "consumer/driver/file.h"

#include "consumer/base/must.h"
#include "consumer/security/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_BYTES = 16384 };

static bool fail(char why[FILE_WHY_BYTES], int error) {
    char text[FILE_WHY_BYTES];
    (void)snprintf(why, FILE_WHY_BYTES, "%s", strerror_r(error, text, sizeof text));
    return false;
}

static bool read_all(int file, struct buf *content, char why[FILE_WHY_BYTES]) {
    size_t begin = content->size;
    for (;;) {
        secret_reserve(content, READ_BYTES);
        ssize_t count = read(file, content->data + content->size, READ_BYTES);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return fail(why, errno);
        content->size += (size_t)count;
        if (content->size - begin > FILE_MOST_BYTES) return fail(why, EFBIG);
        if (count == 0) return true;
    }
}

bool file_read(const char *path, struct buf *content, char why[FILE_WHY_BYTES]) {
    must(path != NULL);
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file < 0) return fail(why, errno);
    struct stat status;
    bool is_read = false;
    if (fstat(file, &status)) {
        (void)fail(why, errno);
    } else if (!S_ISREG(status.st_mode)) {
        (void)snprintf(why, FILE_WHY_BYTES, "Is not a regular file");
    } else {
        is_read = read_all(file, content, why);
    }
    (void)close(file);
    return is_read;
}
