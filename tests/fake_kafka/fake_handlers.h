// SPDX-License-Identifier: Apache-2.0
// The handlers of the fake broker, one an API. One thread at a time.
#pragma once

#include "tests/fake_kafka/fake_call.h"

/// Metadata: brokers that are up, topics asked for or all.
fake_handler fake_metadata_serve;
/// FindCoordinator: the cluster's one coordinator.
fake_handler fake_find_coordinator_serve;
/// CreateTopics.
fake_handler fake_create_topics_serve;
/// Produce: appended as it is; acks 0 gets no answer.
fake_handler fake_produce_serve;
/// Fetch, with sessions (KIP-227); held until there is enough or time is up.
fake_handler fake_fetch_serve;
/// ListOffsets.
fake_handler fake_list_offsets_serve;
/// OffsetForLeaderEpoch.
fake_handler fake_epoch_end_serve;
/// OffsetCommit.
fake_handler fake_offset_commit_serve;
/// OffsetFetch.
fake_handler fake_offset_fetch_serve;
/// JoinGroup; held until the group is complete.
fake_handler fake_join_group_serve;
/// SyncGroup; held until the leader's has come.
fake_handler fake_sync_group_serve;
/// Heartbeat.
fake_handler fake_heartbeat_serve;
/// LeaveGroup.
fake_handler fake_leave_group_serve;
