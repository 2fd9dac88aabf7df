// SPDX-License-Identifier: Apache-2.0
// Listening on a Unix socket: who may connect, and what is at its path before and after.
#include "server/listener.h"
#include "tests/unit/suite.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/listener_test_XXXXXX";
static char address[64];
static const char *path; ///< that of the address
static struct listener listener;

static void begin(void) {
    ck_assert_ptr_nonnull(mkdtemp(folder));
    (void)snprintf(address, sizeof address, "unix:%s/x.sock", folder);
    path = address + 5;
    ck_assert(listener_parse(address, &listener));
}

static void end(void) {
    (void)unlink(path);
    (void)rmdir(folder);
}

static struct stat look(void) {
    struct stat there = { 0 };
    ck_assert_int_eq(lstat(path, &there), 0);
    return there;
}

START_TEST(a_dead_unix_socket_makes_way_and_a_live_one_does_not) {
    int first = listener_open(&listener);
    ck_assert_int_ge(first, 0);
    struct listener again;
    ck_assert(listener_parse(address, &again));
    ck_assert_int_eq(listener_open(&again), -1);
    ck_assert(S_ISSOCK(look().st_mode)); // the refused one has taken nothing away
    (void)close(first);                  // as a killed process leaves it
    int second = listener_open(&again);
    ck_assert_int_ge(second, 0);
    (void)close(second);
    listener_remove(&again);
    ck_assert_int_ne(access(path, F_OK), 0);
}

END_TEST

START_TEST(a_file_that_is_no_socket_is_left_alone) {
    int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    ck_assert_int_eq(write(fd, "precious", 8), 8);
    (void)close(fd);
    ck_assert_int_eq(listener_open(&listener), -1);
    ck_assert_int_eq(look().st_size, 8);
    listener_remove(&listener);
    ck_assert_int_eq(look().st_size, 8);
}

END_TEST

START_TEST(the_socket_of_a_successor_is_not_removed) {
    int first = listener_open(&listener);
    struct listener successor;
    ck_assert(listener_parse(address, &successor));
    ck_assert_int_eq(unlink(path), 0);
    // The old inode is still in use by its socket, so that the new one is another.
    int second = listener_open(&successor);
    ck_assert_int_ge(second, 0);
    listener_remove(&listener);
    ck_assert(S_ISSOCK(look().st_mode));
    (void)close(first);
    (void)close(second);
}

END_TEST

START_TEST(mode_and_owner_are_those_that_are_set) {
    char owner[64];
    (void)snprintf(owner, sizeof owner, "%u:%u", (unsigned)getuid(), (unsigned)getgid());
    ck_assert(listener_set_mode(&listener, "0600"));
    ck_assert(listener_set_owner(&listener, owner));
    int fd = listener_open(&listener);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(look().st_mode & 07777, 0600);
    ck_assert_int_eq(look().st_uid, getuid());
    (void)close(fd);
    ck_assert(listener_parse(address, &listener));
    fd = listener_open(&listener);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(look().st_mode & 07777, 0660);
    (void)close(fd);
}

END_TEST

START_TEST(owners_are_read_as_chown_reads_them) {
    ck_assert(listener_set_owner(&listener, "root"));
    ck_assert(listener.user == 0 && listener.group == (gid_t)-1);
    ck_assert(listener_set_owner(&listener, ":0"));
    ck_assert_int_eq(listener.group, 0);
    ck_assert(listener_set_owner(&listener, "12:34"));
    ck_assert(listener.user == 12 && listener.group == 34);
    ck_assert(!listener_set_owner(&listener, ""));
    ck_assert(!listener_set_owner(&listener, "root:"));
    ck_assert(!listener_set_owner(&listener, "root:no-such-group"));
    ck_assert(!listener_set_owner(&listener, "no-such-user"));
    ck_assert(!listener_set_owner(&listener, "12345678901234567890"));
}

END_TEST

START_TEST(a_path_that_cannot_be_leaves_nothing_behind) {
    ck_assert(listener_parse("unix:/nowhere/at/all/x.sock", &listener));
    ck_assert_int_eq(listener_open(&listener), -1);
}

END_TEST

SUITE(listener) {
    Suite *s = suite_create("server/listener");
    TCase *cases = tcase_create("listener");
    tcase_add_checked_fixture(cases, begin, end);
    tcase_add_test(cases, a_dead_unix_socket_makes_way_and_a_live_one_does_not);
    tcase_add_test(cases, a_file_that_is_no_socket_is_left_alone);
    tcase_add_test(cases, the_socket_of_a_successor_is_not_removed);
    tcase_add_test(cases, mode_and_owner_are_those_that_are_set);
    tcase_add_test(cases, owners_are_read_as_chown_reads_them);
    tcase_add_test(cases, a_path_that_cannot_be_leaves_nothing_behind);
    suite_add_tcase(s, cases);
    return s;
}
