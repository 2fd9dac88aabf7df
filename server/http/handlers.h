// SPDX-License-Identifier: Apache-2.0
// The first step of every call; which is which stands in routes.c. They run on the HTTP thread.
#pragma once

struct request;

/// GET /v1/consumers.
void handle_get_consumers(struct request *request);

/// GET /v1/consumers/{name}.
void handle_get_consumer(struct request *request);

/// PUT /v1/consumers/{name}.
void handle_put_consumer(struct request *request);

/// DELETE /v1/consumers/{name}.
void handle_delete_consumer(struct request *request);

/// GET /.
void handle_page(struct request *request);

/// OPTIONS of any path: its methods.
void handle_options(struct request *request);

/// GET, HEAD and POST /v1/poll.
void handle_poll(struct request *request);

/// GET /v1/stream.
void handle_stream(struct request *request);

/// POST /v1/commit.
void handle_commit(struct request *request);

/// GET /v1/commits/{id}.
void handle_get_commit(struct request *request);

/// GET /v1/events.
void handle_events(struct request *request);

/// POST /v1/rebalances/{id}/ack.
void handle_acknowledge(struct request *request);

/// GET /v1/committed.
void handle_committed(struct request *request);

/// GET /v1/position.
void handle_position(struct request *request);

/// GET /v1/offsets/beginning.
void handle_offsets_beginning(struct request *request);

/// GET /v1/offsets/end.
void handle_offsets_end(struct request *request);

/// POST /v1/offsets/for-times.
void handle_offsets_for_times(struct request *request);

/// POST /v1/seek.
void handle_seek(struct request *request);

/// POST /v1/pause.
void handle_pause(struct request *request);

/// POST /v1/resume.
void handle_resume(struct request *request);

/// GET /v1/paused.
void handle_get_paused(struct request *request);

/// GET /v1/assignment.
void handle_get_assignment(struct request *request);

/// PUT /v1/assignment.
void handle_put_assignment(struct request *request);

/// DELETE /v1/assignment.
void handle_delete_assignment(struct request *request);

/// GET /v1/subscription.
void handle_get_subscription(struct request *request);

/// PUT /v1/subscription.
void handle_put_subscription(struct request *request);

/// DELETE /v1/subscription.
void handle_delete_subscription(struct request *request);

/// POST /v1/rebalance.
void handle_rebalance(struct request *request);

/// GET /v1/status.
void handle_status(struct request *request);

/// GET /v1/topics and /v1/topics/{topic}.
void handle_topics(struct request *request);

/// GET /v1/metrics.
void handle_metrics(struct request *request);

/// GET /openapi.json.
void handle_openapi(struct request *request);

/// GET /healthz on the management listener.
void handle_healthz(struct request *request);

/// GET /readyz on the management listener.
void handle_readyz(struct request *request);

/// GET /loglevel on the management listener.
void handle_get_loglevel(struct request *request);

/// PUT /loglevel on the management listener.
void handle_put_loglevel(struct request *request);

/// GET /metrics on the management listener.
void handle_prometheus(struct request *request);
