#!/bin/sh
# Reads as a member of a group, for ever; offsets are committed by themselves.
#
#   kafka-sidecar --bootstrap-server localhost:9092 --group shop --topic orders
#   ./group_loop.sh
#
# enable.auto.commit is true unless you say otherwise: a record counts as processed when the next poll comes. Should this
# script die in between, the session makes the next one start with what was not processed.
set -eu
sidecar=${SIDECAR:-http://localhost:8092}
session="shell-$$-$(date +%s)" # unlike that of any other run

# What your program does with a record, which is a line of JSON on standard input.
process() {
    jq -r '"\(.topic) \(.partition) \(.offset) \(.value)"'
}

while :; do
    # Waits up to 30 s for the first record. -f makes curl fail on an error, and an error has taken no records: try again.
    if answer=$(curl -sSf -H "Consumer-Session: $session" "$sidecar/v1/poll?timeout_ms=30000"); then
        printf '%s\n' "$answer" | jq -c '.records[]' | process
    else
        sleep 1
    fi
done
