// SPDX-License-Identifier: Apache-2.0
// What an answer to a fetch means: batches for the queue, or what to do about an error. Engine
// thread.
#pragma once

struct fetch_node;
struct fetch_response;
struct reply;

/// Takes a decoded answer in, partition by partition.
void fetch_answer_take(
    struct fetch_node *node, const struct reply *reply, const struct fetch_response *response
);
