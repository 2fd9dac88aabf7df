// SPDX-License-Identifier: Apache-2.0
// A locked list. The engine thread is woken by whoever posts, by the loop's async handle.
#include "consumer/driver/mailbox.h"

#include "consumer/base/must.h"

void mailbox_init(struct mailbox *mailbox) {
    *mailbox = (struct mailbox){ .first = NULL };
    int failed = pthread_mutex_init(&mailbox->lock, NULL);
    must(failed == 0);
}

void mailbox_dispose(struct mailbox *mailbox) {
    must(mailbox->first == NULL);
    (void)pthread_mutex_destroy(&mailbox->lock);
}

void mailbox_post(
    struct mailbox *mailbox, enum mail_kind kind, struct host *host, struct command *command
) {
    must((kind == MAIL_COMMAND) == (command != NULL));
    struct mail *mail = must_alloc(sizeof *mail);
    *mail = (struct mail){ .kind = kind, .host = host, .command = command };
    (void)pthread_mutex_lock(&mailbox->lock);
    if (mailbox->last) {
        mailbox->last->next = mail;
    } else {
        mailbox->first = mail;
    }
    mailbox->last = mail;
    (void)pthread_mutex_unlock(&mailbox->lock);
}

struct mail *mailbox_take_all(struct mailbox *mailbox) {
    (void)pthread_mutex_lock(&mailbox->lock);
    struct mail *all = mailbox->first;
    mailbox->first = NULL;
    mailbox->last = NULL;
    (void)pthread_mutex_unlock(&mailbox->lock);
    return all;
}
