# make            build/release/kafka-sidecar and build/release/libconsumer.a
# make setup      install what is missing (Debian packages); nothing when all is there
# make run        install, build, start Kafka with sample records and the sidecar, show records by curl
# make test       install, build, and pass every test: unit (ASan + UBSan) and end to end against real Kafka
# make unit       unit tests alone            make unit SAN=thread
# make check      what every change must pass: format, lint, tidy, unit tests under ASan + UBSan
# make bench      compare with other clients  make fuzz | schemathesis | format | lint | clean    see README.md

BUILD   ?= release
SAN     ?=
CC      := gcc
comma   := ,
OUT     := build/$(BUILD)$(if $(SAN),-$(subst $(comma),-,$(SAN)))

VERSION := 0.1.0
LIBS    := libuv libmicrohttpd libzstd liblz4 zlib libpcre2-8 gnutls openssl libcjson libcurl
WARN    := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wcast-qual -Wcast-align \
           -Wpointer-arith -Wwrite-strings -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
           -Wundef -Wvla -Wformat=2 -Wimplicit-fallthrough -Wswitch-enum -Wdouble-promotion -Wnull-dereference -Werror
OPT.debug   := -Og -g3
OPT.release := -O2 -g -flto=auto -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3
HARDEN  := -fstack-protector-strong -fPIE -fvisibility=hidden
CFLAGS  := -std=c17 $(WARN) $(OPT.$(BUILD)) $(HARDEN) $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer)
CPPFLAGS := -I. -D_GNU_SOURCE -DSIDECAR_VERSION='"$(VERSION)"' $(shell pkg-config --cflags $(LIBS) 2>/dev/null)
LDFLAGS := -pie -Wl,-z,relro,-z,now $(OPT.$(BUILD)) $(if $(SAN),-fsanitize=$(SAN))
LDLIBS  := $(shell pkg-config --libs $(LIBS) 2>/dev/null) -lsnappy -pthread

sources  = $(shell find $(1) -name '*.c' 2>/dev/null)
objects  = $(patsubst %.c,$(OUT)/%.o,$(1))

CONSUMER := $(call objects,$(call sources,consumer))
SERVER   := $(call objects,$(call sources,server))
FAKE     := $(call objects,$(filter-out %/main.c,$(call sources,tests/fake_kafka)))
UNIT     := $(call objects,$(filter-out tests/unit/server/%,$(call sources,tests/unit)))
# The server's tests run against a double of consumer.h, so they are a program of their own.
SERVER_UNIT := $(call objects,$(call sources,tests/unit/server) tests/unit/main.c)

.PHONY: all unit check fuzz bench lint format format-check tidy house clean
all: $(OUT)/kafka-sidecar $(OUT)/libconsumer.a

# The server sees nothing of the library but its kc_ names; others may be the same in both.
$(OUT)/kafka-sidecar: $(SERVER) $(OUT)/libconsumer.a
	$(CC) $(LDFLAGS) $^ $(LDLIBS) -o $@

# One relocatable object whose hidden symbols are made local: a program that links the archive
# sees the public kc_ names and nothing else.
$(OUT)/libconsumer.a: $(CONSUMER)
	$(CC) -r -flinker-output=nolto-rel $(OPT.$(BUILD)) $^ -o $(OUT)/consumer.o
	objcopy --localize-hidden $(OUT)/consumer.o
	rm -f $@ && ar rcs $@ $(OUT)/consumer.o

# The example program, linked as a user of the library links it.
$(OUT)/tail: clients/c/tail.c $(OUT)/libconsumer.a
	$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) $^ $(LDLIBS) -o $@

$(OUT)/fake-kafka: $(CONSUMER) $(FAKE) $(OUT)/tests/fake_kafka/main.o
	$(CC) $(LDFLAGS) $^ $(LDLIBS) -o $@

$(OUT)/unit-tests: $(CONSUMER) $(FAKE) $(UNIT)
	$(CC) $(LDFLAGS) $^ $(LDLIBS) $(shell pkg-config --libs check) -o $@

$(OUT)/server-tests: $(filter-out %/main.o,$(SERVER)) $(SERVER_UNIT)
	$(CC) $(LDFLAGS) $^ $(LDLIBS) $(shell pkg-config --libs check) -o $@

$(OUT)/wire-dump: $(CONSUMER) $(FAKE) $(OUT)/tests/unit/wire/catalog.o $(OUT)/tests/wire_dump.o
	$(CC) $(LDFLAGS) $^ $(LDLIBS) -o $@

# Our field tables against the message definitions inside Kafka's own jar.
CLIENTS_JAR ?= .cache/kafka/4.4.0/kafka-clients-4.4.0.jar
.PHONY: definitions
definitions: $(OUT)/wire-dump
	tests/wire_definitions.py $< $(CLIENTS_JAR)

$(OUT)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

$(OUT)/server/http/openapi.o: proto/openapi.json

unit:
	$(MAKE) BUILD=debug SAN=$(or $(SAN),address$(comma)undefined) run-unit
.PHONY: run-unit
run-unit: $(OUT)/unit-tests $(OUT)/server-tests
	$(OUT)/unit-tests
	$(OUT)/server-tests

# Each step is a make of its own, so that it sees what setup has installed (pkg-config's answers).
# The definitions need Kafka's jar: where it can't be had (exit code 3) they are left out, but not in CI.
PARALLEL = $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc))
.PHONY: setup run test e2e
setup: ; @tests/setup.sh
run:
	@tests/setup.sh packages
	$(MAKE) $(PARALLEL) all
	@BOOTSTRAP='$(BOOTSTRAP)' TOPIC='$(TOPIC)' GROUP='$(GROUP)' SIDECAR=$(OUT)/kafka-sidecar tests/run.sh
test:
	@tests/setup.sh
	$(MAKE) $(PARALLEL) unit
	tests/kafka/kafka fetch && $(MAKE) $(PARALLEL) definitions || { test $$? = 3 && test -z "$$CI"; }
	$(MAKE) e2e

# End to end against real Kafka, e.g. make e2e KAFKA=2.1.1 E2E=short ARGS='-k commit'. Two processes test at a time, each
# with a broker of its own, unless ARGS chooses some.
KAFKA ?= 4.4.0
E2E   ?= all
E2E_WORKERS ?= $(if $(ARGS),0,2)
.PHONY: example
example: $(OUT)/tail $(OUT)/fake-kafka
e2e:
	@tests/setup.sh
	$(MAKE) $(PARALLEL) all example
	.cache/venv/bin/python -m pytest tests/e2e --sidecar $(OUT)/kafka-sidecar --kafka-version $(KAFKA) \
	    -n $(E2E_WORKERS) --dist worksteal $(if $(filter short,$(E2E)),-m short) $(ARGS)

# Requests made up from the API's document; what they find becomes a test.
SCHEMATHESIS_SECONDS ?= 60
.PHONY: schemathesis
schemathesis: ; $(MAKE) e2e ARGS='-k schemathesis --schemathesis-seconds $(SCHEMATHESIS_SECONDS)'

# Every tests/fuzz/fuzz_*.c by libFuzzer, FUZZ_SECONDS each; what it learns stays in build/corpus.
FUZZ_SECONDS ?= 60
FUZZ_SOURCES  = $(call sources,consumer) $(filter-out %/main.c,$(call sources,tests/fake_kafka)) \
                $(filter-out %_test.c %/main.c %/golden.c,$(call sources,tests/unit/wire tests/unit/security))
fuzz: $(patsubst tests/fuzz/%.c,build/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
	set -e; for target in $^; do mkdir -p build/corpus/$${target##*/}; \
	    $$target -max_total_time=$(FUZZ_SECONDS) -max_len=4096 build/corpus/$${target##*/} \
	        $$(find tests/corpus -mindepth 1 -name $${target##*/}); done

build/fuzz/%: tests/fuzz/%.c Makefile FORCE
	@mkdir -p $(@D)
	clang -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined -std=c17 $(CPPFLAGS) \
	    $< $(FUZZ_SOURCES) $(LDLIBS) -o $@
.PHONY: FORCE
FORCE:

# The sidecar beside kcat on the same broker and data.
bench: setup all
	.cache/venv/bin/python tests/bench/bench.py --sidecar $(OUT)/kafka-sidecar $(ARGS)

check: format-check tidy house lint unit
SOURCES := $(shell find consumer server tests clients -name '*.[ch]' -not -path 'tests/lint/*')
format:        ; clang-format -i $(SOURCES)
format-check:  ; clang-format --dry-run --Werror $(SOURCES)
# All but the benchmarks and fuzz targets. The linter sees plain stand-ins for uthash and utlist (tests/lint).
LINTED  := $(filter-out tests/bench/% tests/fuzz/%,$(filter %.c,$(SOURCES)))
lint:          ; printf '%s\n' $(LINTED) | xargs -P 2 -I{} clang-tidy --quiet {} -- -std=c17 -Itests/lint $(CPPFLAGS)
tidy:          ; tests/tidy.sh
house:         ; tests/house.py .
clean:         ; rm -rf build

-include $(shell find build -name '*.d' 2>/dev/null)
