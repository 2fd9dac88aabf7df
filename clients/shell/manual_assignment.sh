#!/bin/sh
# Reads one partition without a group: from an offset to what was the end when it began, then what comes after "now".
#
#   kafka-sidecar --bootstrap-server localhost:9092
#   ./manual_assignment.sh orders 0 100
set -eu
sidecar=${SIDECAR:-http://localhost:8092}
topic=$1 partition=$2 offset=$3
tp="tp=$topic:$partition" # names a partition in a query; may be repeated

call() { curl -sSf "$@"; }

# Without a group, the partition is ours by saying so. What stood before is replaced.
call -X PUT "$sidecar/v1/assignment?$tp" >/dev/null

# An offset is always the next one to read.
call -X POST "$sidecar/v1/seek?$tp&offset=$offset" >/dev/null
end=$(call "$sidecar/v1/offsets/end?$tp" | jq '.offsets[0].offset')
while [ "$(call "$sidecar/v1/position?$tp" | jq '.partitions[0].offset')" -lt "$end" ]; do
    call "$sidecar/v1/poll?timeout_ms=5000&max_records=100" |
        jq -r --argjson last "$end" '.records[] | select(.offset < $last) | "old \(.offset) \(.value)"'
done

# Seeking works at any time; beside "end" there are "beginning", "committed" (with a group) and timestamp=….
call -X POST "$sidecar/v1/seek?$tp&to=end" | jq -r '"at the end, \(.partitions[0].offset)"'
while :; do
    call "$sidecar/v1/poll?timeout_ms=30000" | jq -r '.records[] | "new \(.offset) \(.value)"'
done
