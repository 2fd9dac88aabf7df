#!/bin/sh
# Reads as a member of a group and commits after each record, by hand.
#
#   kafka-sidecar --bootstrap-server localhost:9092 --group shop --topic orders --set enable.auto.commit=false
#   ./commit_each.sh ./handle     # a command that takes one record, a line of JSON, and succeeds or fails
#
# The safest way, and the slowest: one commit a record. When a record fails, the script ends; the next run begins with it.
set -eu
sidecar=${SIDECAR:-http://localhost:8092}

# A run before this one may have left records that were delivered and not committed: back to what is committed.
curl -sSf -X POST "$sidecar/v1/seek?to=committed" >/dev/null

while :; do
    answer=$(curl -sSf "$sidecar/v1/poll?timeout_ms=30000&max_records=100")
    printf '%s\n' "$answer" | jq -c '.records[]' | while IFS= read -r record; do
        printf '%s\n' "$record" | "$@"
        # The offset to commit is the next one to read: this record's and one.
        printf '%s\n' "$record" | jq '{offsets: [{topic, partition, offset: (.offset + 1)}]}' |
            curl -sSf -H 'Content-Type: application/json' -d @- "$sidecar/v1/commit" >/dev/null
    done
done
