// SPDX-License-Identifier: Apache-2.0
// What other threads want of the engine thread, in their order. Any thread posts, the engine thread
// takes.
#pragma once

#include <pthread.h>

struct command;
struct host;

/// What is wanted.
enum mail_kind { MAIL_ADD, MAIL_COMMAND, MAIL_REFRESH, MAIL_REMOVE, MAIL_STOP };

/// One letter.
struct mail {
    struct mail *next;
    enum mail_kind kind;
    struct host *host;
    struct command *command;
};

/// A list of letters behind a lock.
struct mailbox {
    pthread_mutex_t lock;
    struct mail *first;
    struct mail *last;
};

/// An empty mailbox.
void mailbox_init(struct mailbox *mailbox);

/// Frees an empty mailbox.
void mailbox_dispose(struct mailbox *mailbox);

/// Appends a letter.
void mailbox_post(
    struct mailbox *mailbox, enum mail_kind kind, struct host *host, struct command *command
);

/// Takes all letters; the caller frees each.
struct mail *mailbox_take_all(struct mailbox *mailbox);
