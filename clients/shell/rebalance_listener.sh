#!/bin/sh
# Reads as a member of a group, and is told of rebalances: commits before partitions go, seeks before those that come flow.
# The offsets that count are its own, one file a partition, as if they were stored with the results.
#
#   kafka-sidecar --bootstrap-server localhost:9092 --group shop --topic orders --set enable.auto.commit=false
#   ./rebalance_listener.sh /var/lib/shop
set -eu
sidecar=${SIDECAR:-http://localhost:8092}
state=$1 # the folder of the offsets
mkdir -p "$state"

post() { curl -sSf -X POST "$sidecar$1" >/dev/null; }

read_records() {
    while :; do
        # While the group waits for an acknowledgement nothing comes of the partitions that it is about.
        curl -sSf "$sidecar/v1/poll?timeout_ms=5000" | jq -r '.records[] | "\(.topic) \(.partition) \(.offset) \(.value)"' |
            while read -r topic partition offset value; do
                echo "$topic $partition $offset $value"
                echo $((offset + 1)) >"$state/$topic-$partition" # the next one to read
            done
    done
}

seek_to_own_offsets() { # of the partitions on standard input
    while read -r topic partition; do
        [ -s "$state/$topic-$partition" ] || continue # never read: where the group's offsets or auto.offset.reset say
        post "/v1/seek?tp=$topic:$partition&offset=$(cat "$state/$topic-$partition")"
    done
}

on_event() { # its name, its data
    partitions=$(printf '%s\n' "$2" | jq -r '.partitions // [] | .[] | "\(.topic) \(.partition)"')
    case $1 in
    partitions_revoked) post /v1/commit ;;
    # The first event, assignment, says what was there before anybody listened.
    partitions_assigned | assignment) [ -z "$partitions" ] || printf '%s\n' "$partitions" | seek_to_own_offsets ;;
    *) return 0 ;;
    esac
    echo "$1:" "$(printf "%s" "$partitions" | tr '\n' ' ')"
    id=$(printf '%s\n' "$2" | jq '.rebalance_id // .rebalance.rebalance_id // empty')
    # Too late is no disaster: the group has gone on by then.
    [ -z "$id" ] || post "/v1/rebalances/$id/ack" || true
}

# For a stream with listener=true a rebalance is held until it is acknowledged, at most rebalance.ack.timeout.ms.
curl -sSfN "$sidecar/v1/events?listener=true" | {
    reader=
    trap '[ -z "$reader" ] || kill "$reader"' EXIT
    while IFS= read -r line; do
        case $line in
        'event: '*) event=${line#event: } ;;
        'data: '*)
            on_event "$event" "${line#data: }"
            if [ -z "$reader" ]; then # after the first event
                read_records &
                reader=$!
            fi
            ;;
        esac
    done
}
