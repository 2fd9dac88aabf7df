#!/bin/sh
# The demonstration behind `make run`: Kafka with sample orders, the sidecar, and curl.
#   BOOTSTRAP=host:port TOPIC=t GROUP=g   use this Kafka instead of starting one; nothing is produced
#   KAFKA_PORT HTTP_PORT MANAGEMENT_PORT  other ports than 29092, 8092, 8094 (KAFKA_PORT=0: a free one)
#   SIDECAR=build/debug/kafka-sidecar     another build of the sidecar
#   RUN_SECONDS=20                        end after so many seconds instead of at Ctrl-C
set -eu
cd "$(dirname "$0")/.."

topic=${TOPIC:-orders}
group=${GROUP:-demo}
http=127.0.0.1:${HTTP_PORT:-8092}
management=127.0.0.1:${MANAGEMENT_PORT:-8094}
folder=.cache/run
cluster=$folder/kafka
log=$folder/sidecar.log
sidecar='' producer='' fake='' our_kafka=''

say() { printf '%s\n' "$*"; }
die() { say "run: $*" >&2; exit 1; }

stop_child() { # pid: SIGTERM, and wait for its end
    [ -n "$1" ] || return 0
    kill "$1" 2>/dev/null || true
    wait "$1" 2>/dev/null || true
}

clean_up() {
    code=$?
    set +e
    trap '' INT TERM HUP PIPE
    trap - EXIT
    say
    say "Stopping what was started."
    stop_child "$producer"
    stop_child "$sidecar"
    stop_child "$fake"
    [ -z "$our_kafka" ] || tests/kafka/kafka down --dir "$cluster" || true
    exit "$code"
}

# Orders from $1 to $2, one a line: KEY<tab>JSON
orders() {
    awk -v from="$1" -v to="$2" -v now="$(date +%s)" 'BEGIN {
        split("tea coffee bread olives honey figs", item, " ")
        for (n = from; n <= to; n++) {
            customer = "c-" (n * 7 % 40)
            printf "%s\t{\"order\":%d,\"customer\":\"%s\",\"item\":\"%s\",\"quantity\":%d,\"price\":%.2f,\"placed_at\":%d}\n",
                customer, n, customer, item[n % 6 + 1], n % 5 + 1, (n * 37 % 900 + 100) / 100, now
        }
    }'
}

produce() { # value of the header "channel"; orders on stdin
    kcat -P -q -b "$bootstrap" -t "$topic" -K "$(printf '\t')" -H "channel=$1" -H source=make-run
}

produce_slowly() {
    number=301
    while :; do
        orders $number $number | produce web || true
        number=$((number + 1))
        sleep 1
    done
}

start_fake_kafka() {
    say "$1"
    say "No real Kafka can be had here: using the project's own fake one instead (build/release/fake-kafka)."
    MAKEFLAGS='' make -s build/release/fake-kafka || die "the fake Kafka cannot be built"
    port=${KAFKA_PORT:-29092}
    [ "$port" != 0 ] || port=29092
    build/release/fake-kafka --port "$port" --topic "$topic:3" --sample-orders >"$folder/fake-kafka.log" 2>&1 &
    fake=$!
    bootstrap=127.0.0.1:$port
    tries=0
    until kcat -L -q -b "$bootstrap" -m 1 >/dev/null 2>&1; do
        tries=$((tries + 1))
        if [ $tries -gt 20 ] || ! kill -0 "$fake" 2>/dev/null; then
            die "the fake Kafka does not start: $(tail -n 5 "$folder/fake-kafka.log")"
        fi
        sleep 0.2
    done
}

start_kafka() {
    say "Starting Apache Kafka 4.4.0 on loopback (the first time its jars are fetched by Maven)."
    code=0
    answer=$(tests/kafka/kafka up --version 4.4.0 --dir "$cluster" --port "${KAFKA_PORT:-29092}" 2>&1) || code=$?
    case $code in
    0)
        our_kafka=yes
        bootstrap=${answer#bootstrap=}
        orders 1 100 | produce web
        orders 101 200 | produce app
        orders 201 300 | produce shop
        say "Topic $topic has 300 sample orders, and gets one more every second."
        produce_slowly &
        producer=$!
        ;;
    3) start_fake_kafka "$answer" ;;
    *) die "$answer" ;;
    esac
}

start_sidecar() {
    set -- "${SIDECAR:-build/release/kafka-sidecar}" --bootstrap-server "$bootstrap" --group "$group" --topic "$topic" \
        --set auto.offset.reset=earliest --set "http.listener=$http" --set "management.listener=$management"
    say
    say "\$ $*"
    "$@" >"$log" 2>&1 &
    sidecar=$!
    waited=0
    until reason=$(curl -s "http://$management/readyz") && curl -sf -o /dev/null "http://$management/readyz"; do
        kill -0 "$sidecar" 2>/dev/null || die "the sidecar has ended: $(tail -n 5 "$log")"
        waited=$((waited + 1))
        [ $waited -lt 150 ] || die "the sidecar is not ready after 30 s: $reason"
        sleep 0.2
    done
    say "Ready. Its log is $log."
}

show() { # command, text that its output must have
    say
    say "\$ $1"
    output=$(eval "$1") || die "that command failed: $output"
    say "$output"
    case $output in *"$2"*) ;; *) die "\"$2\" was expected in this answer" ;; esac
}

demonstrate() {
    url=http://$http/v1
    say
    say "--- one record, its value as JSON"
    show "curl -s '$url/poll?timeout_ms=10000&max_records=1&value_format=json' | jq ." '"offset"'
    say
    say "--- five more, one a line; the last line says where the next poll goes on"
    show "curl -s -H 'Accept: application/x-ndjson' '$url/poll?timeout_ms=10000&max_records=5'" '"next_offsets"'
    say
    say "--- commit what these polls delivered, and look at it"
    show "curl -s -X POST $url/commit | jq -c ." '"offset"'
    show "curl -s $url/committed | jq -c ." '"offset"'
    say
    say "--- the state of the consumer"
    show "curl -s $url/status | jq ." '"stable"'
}

stay_up() {
    say
    say "All of it stays up: repeat the commands above, or loop over new records with"
    say "  while curl -s '$url/poll?timeout_ms=30000&commit=true&max_records=10'; do echo; done"
    if [ -n "${RUN_SECONDS:-}" ]; then
        say "It ends by itself after $RUN_SECONDS s."
    else
        say "Ctrl-C (or kill $$) stops it."
    fi
    ends_at=$(($(date +%s) + ${RUN_SECONDS:-0}))
    while [ -z "${RUN_SECONDS:-}" ] || [ "$(date +%s)" -lt "$ends_at" ]; do
        kill -0 "$sidecar" 2>/dev/null || die "the sidecar has ended: $(tail -n 5 "$log")"
        sleep 1 &
        wait $! || true
    done
}

mkdir -p "$folder"
trap clean_up EXIT
trap 'exit 0' INT TERM HUP
trap 'exit 1' PIPE
if [ -n "${BOOTSTRAP:-}" ]; then
    bootstrap=$BOOTSTRAP
    say "Using the Kafka at $bootstrap."
else
    start_kafka
fi
start_sidecar
demonstrate
stay_up
