// SPDX-License-Identifier: Apache-2.0
// A member's requests as Kafka's messages, and the answers as the member's inputs. Engine thread.
#pragma once

#include "consumer/group/member.h"

struct engine;

/// Sends the request of a want of kind JOIN, SYNC, HEARTBEAT or LEAVE to the coordinator; its
/// answer goes to the member.
void membership_wire_send(struct engine *engine, const struct member_want *want);
