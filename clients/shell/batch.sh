#!/bin/sh
# Reads in batches of up to 50 records, each committed as a whole, and only when it has succeeded. One that fails comes again.
#
#   kafka-sidecar --bootstrap-server localhost:9092 --group shop --topic orders --set enable.auto.commit=false
#   ./batch.sh ./load-into-database     # a command that takes a record a line, and succeeds or fails
set -eu
sidecar=${SIDECAR:-http://localhost:8092}

call() { curl -sSf -X POST "$@" >/dev/null; }

call "$sidecar/v1/seek?to=committed" # what a run before this one left undone
while :; do
    answer=$(curl -sSf "$sidecar/v1/poll?timeout_ms=30000&max_records=50")
    batch=$(printf '%s\n' "$answer" | jq -c '.records[]')
    [ -n "$batch" ] || continue # nothing came in 30 s
    if printf '%s\n' "$batch" | "$@"; then
        call "$sidecar/v1/commit" # no body: all that was delivered
    else
        # Back to the last commit. Nothing but a commit says that a record is done, so this batch is the next one.
        call "$sidecar/v1/seek?to=committed"
        sleep 1
    fi
done
