// SPDX-License-Identifier: Apache-2.0
// The key is the topic's name with the partition's number behind its NUL, so that no two partitions
// share one.
#include "consumer/fetch/position_set.h"

#include "consumer/base/must.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

void position_set_add(struct position_set *set, struct position *position) {
    must(!position_set_find(set, position->topic, position->partition));
    position->version = position->start_version = set->next_version;
    size_t topic_size = strlen(position->topic) + 1;
    position->key_size = topic_size + sizeof position->partition;
    position->key = must_alloc(position->key_size);
    memcpy(position->key, position->topic, topic_size);
    memcpy(position->key + topic_size, &position->partition, sizeof position->partition);
    HASH_ADD_KEYPTR(hh, set->by_key, position->key, position->key_size, position);
    DL_APPEND(set->first, position);
    set->count++;
}

void position_set_remove(struct position_set *set, struct position *position) {
    must(set->count > 0);
    bool is_newer = (int32_t)(position->version - set->next_version) >= 0;
    if (is_newer) set->next_version = position->version + 1;
    HASH_DEL(set->by_key, position);
    DL_DELETE(set->first, position);
    set->count--;
    position_free(position);
}

struct position *position_set_find(
    const struct position_set *set, const char *topic, int32_t partition
) {
    enum { LONGEST_TOPIC = 1024 };

    char key[LONGEST_TOPIC + 1 + sizeof partition];
    size_t topic_size = strlen(topic) + 1;
    if (topic_size > LONGEST_TOPIC) return NULL;
    memcpy(key, topic, topic_size);
    memcpy(key + topic_size, &partition, sizeof partition);
    struct position *position = NULL;
    HASH_FIND(hh, set->by_key, key, topic_size + sizeof partition, position);
    return position;
}

void position_set_move_to_end(struct position_set *set, struct position *position) {
    must(set->count > 0);
    DL_DELETE(set->first, position);
    DL_APPEND(set->first, position);
}

void position_set_clear(struct position_set *set) {
    struct position *position;
    struct position *next;
    DL_FOREACH_SAFE(set->first, position, next) {
        position_set_remove(set, position);
    }
}
