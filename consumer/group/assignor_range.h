// SPDX-License-Identifier: Apache-2.0
// The `range` assignor: of each topic, every subscribed member gets a run of neighbours. Pure, any
// thread.
#pragma once

#include "consumer/group/assignor.h"

/// As Apache Kafka's RangeAssignor does it without racks: the members of a topic, sorted, get n/m
/// partitions each, and the first n%m of them one more.
extern const struct assignor assignor_range;
