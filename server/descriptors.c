// SPDX-License-Identifier: Apache-2.0
// The soft limit is ours to raise up to the hard one; beyond that it takes a privilege.
#include "server/descriptors.h"

#include "server/base/must.h"

#include <stdio.h>
#include <sys/resource.h>

bool descriptors_allow(int64_t wanted, char error[DESCRIPTORS_ERROR_BYTES]) {
    must(wanted > 0);
    struct rlimit limit;
    must(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    if (limit.rlim_cur >= (rlim_t)wanted) return true;
    struct rlimit raised = { (rlim_t)wanted, limit.rlim_max };
    if (raised.rlim_max < raised.rlim_cur) raised.rlim_max = raised.rlim_cur;
    if (setrlimit(RLIMIT_NOFILE, &raised) == 0) return true;
    (void)snprintf(
        error,
        DESCRIPTORS_ERROR_BYTES,
        "%lld open files are needed, and this process may have %llu (ulimit -Hn)",
        (long long)wanted,
        (unsigned long long)limit.rlim_max
    );
    return false;
}
