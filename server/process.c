// SPDX-License-Identifier: Apache-2.0
// From /proc and the calls beside it.
#include "server/process.h"

#include "server/base/must.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static void read_memory(struct process_numbers *numbers) {
    FILE *file = fopen("/proc/self/statm", "re");
    if (!file) return;
    char line[200];
    if (fgets(line, sizeof line, file)) {
        int64_t page_bytes = sysconf(_SC_PAGESIZE);
        char *rest = NULL;
        numbers->virtual_bytes = strtoll(line, &rest, 10) * page_bytes;
        numbers->resident_bytes = strtoll(rest, NULL, 10) * page_bytes;
    }
    (void)fclose(file);
}

/// All but that of the directory that is read.
static void count_fds(struct process_numbers *numbers) {
    DIR *directory = opendir("/proc/self/fd");
    if (!directory) return;
    int64_t count = 0;
    const struct dirent *entry;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread has this directory
    while ((entry = readdir(directory)) != NULL)
        count += entry->d_name[0] != '.';
    (void)closedir(directory);
    must(count > 0);
    numbers->open_fds = count - 1;
}

static double seconds(struct timeval time) {
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

struct process_numbers process_read(void) {
    struct process_numbers numbers = { -1, -1, -1, -1, -1 };
    struct rlimit limit;
    struct rusage usage;
    read_memory(&numbers);
    count_fds(&numbers);
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) numbers.most_fds = (int64_t)limit.rlim_cur;
    must(getrusage(RUSAGE_SELF, &usage) == 0);
    numbers.cpu_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime);
    return numbers;
}

int64_t process_wall_clock_ms(void) {
    struct timespec now;
    must(clock_gettime(CLOCK_REALTIME, &now) == 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void process_format_time(int64_t wall_clock_ms, char text[PROCESS_TIME_BYTES]) {
    must(wall_clock_ms >= 0);
    time_t whole = (time_t)(wall_clock_ms / 1000);
    struct tm parts;
    must(gmtime_r(&whole, &parts) != NULL);
    size_t length = strftime(text, PROCESS_TIME_BYTES, "%Y-%m-%dT%H:%M:%S", &parts);
    int ms = (int)(wall_clock_ms % 1000);
    (void)snprintf(text + length, PROCESS_TIME_BYTES - length, ".%03dZ", ms);
}
