// SPDX-License-Identifier: Apache-2.0
// Look-ups as requests and answers: OffsetFetch, ListOffsets, OffsetForLeaderEpoch. Engine thread.
#pragma once

#include "consumer/engine/job.h"

/// Sends one request for some rows of a job to a broker.
void job_wire_send(
    struct engine *engine, struct job *job, int32_t node_id, const size_t *indexes, size_t count
);

/// For job_wire.c: a request of the job was answered; rows that are not done are asked again.
/// `status` is the request's.
void job_on_answer(
    struct engine *engine, struct job *job, const size_t *indexes, size_t count, enum status status
);

/// For job_wire.c: the row's answer is an error that stays.
void job_fail_row(struct row *row, enum status status, int16_t kafka_error);
