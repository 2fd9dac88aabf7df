// SPDX-License-Identifier: Apache-2.0
// The `roundrobin` assignor: all partitions of all topics are dealt out like cards. Pure, any
// thread.
#pragma once

#include "consumer/group/assignor.h"

/// As Apache Kafka's RoundRobinAssignor: partitions sorted by topic and number go round the sorted
/// members; one that did not subscribe to the topic is passed over.
extern const struct assignor assignor_round_robin;
