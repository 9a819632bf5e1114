# The front door: each target configures a CMake preset, builds it and runs something. It installs missing Debian
# packages itself (tools/packages.txt) and is quiet when all is well. `make help` lists the targets.

.DEFAULT_GOAL := build
MAKEFLAGS += --no-print-directory
SHELL := /bin/bash

JOBS ?= $(shell nproc)
TEST_JOBS ?= 2
FUZZ_SECONDS ?= 10
SOAK_FUZZ_SECONDS ?= 600
SOAK_REPEATS ?= 20
PREFIX ?= /usr/local
DESTDIR ?=

quietly := tools/quietly.sh
PRESETS := CMakePresets.json CMakeLists.txt

.PHONY: build demo test tsan lint format fuzz attackpeers bench conformance agents soak coverage install clean help setup

setup:
	@tools/setup.sh

build/build.ninja: $(PRESETS) | setup
	@$(quietly) configure-release cmake --preset release
build/%/build.ninja: $(PRESETS) | setup
	@$(quietly) configure-$* cmake --preset $*

build: setup build/build.ninja ## programs in build/bin, libraries in build/lib (optimised, with symbols); the default
	@$(quietly) build cmake --build --preset release -j $(JOBS)

demo: build ## agents over real documents, live timeline, the verdict of the log
	@examples/demo/run.sh

test: setup build/dev/build.ninja ## every test, under AddressSanitizer and UndefinedBehaviorSanitizer
	@$(quietly) build-dev cmake --build --preset dev -j $(JOBS)
	@tools/run_tests.sh build/dev -j $(TEST_JOBS)

tsan: setup build/tsan/build.ninja ## tests of everything with threads, under ThreadSanitizer
	@$(quietly) build-tsan cmake --build --preset tsan -j $(JOBS) --target threaded_tests
	@tools/run_tests.sh build/tsan -j $(TEST_JOBS) -L '_threads$$'

lint: setup build/dev/build.ninja ## style tests, clang-tidy, shellcheck
	@$(quietly) build-dev cmake --build --preset dev -j $(JOBS) --target style_programs
	@status=0; \
	  tools/run_tests.sh build/dev -j $(TEST_JOBS) -L '^style$$' || status=1; \
	  tools/lint.py --build build/dev --jobs $(JOBS) || status=1; \
	  exit $$status

format: setup ## reformat every C and C++ file
	@git ls-files -z --cached --others --exclude-standard '*.h' '*.cc' '*.c' | xargs -0 --no-run-if-empty clang-format-19 -i

fuzz: setup build/fuzz/build.ninja ## each fuzz target for FUZZ_SECONDS
	@$(quietly) build-fuzz cmake --build --preset fuzz -j $(JOBS)
	@tools/fuzz.sh build/fuzz $(FUZZ_SECONDS)

conformance: build ## real MCP servers from npm behind agentos mcp wrap, the official suite over HTTP (needs Node and a registry)
	@AGENTOS_BIN=build/bin tests/mcp/conformance.sh

agents: build ## real agents from npm and PyPI and a compiler build, unmodified and walled in (needs Node and registries)
	@/usr/bin/python3 -B tests/agents/run.py

attackpeers: setup build/dev/build.ninja ## the attacks under bubblewrap, for docs/attacks_bubblewrap.md
	@$(quietly) build-dev cmake --build --preset dev -j $(JOBS) --target attack_programs
	@tests/attacks/peers.py --bin build/dev/bin

bench: build ## measure beside peers; figures with the command that made them
	@$(quietly) build-benches cmake --build --preset release -j $(JOBS) --target benches
	@JOBS=$(JOBS) bench/policy/setup.sh
	@bench/run.py
	@bench/record.py
	@bench/sandbox.py
	@bench/policy/run.py

soak: test tsan build/alone/build.ninja ## the long things: how names are spelled, each file compiled by itself, every test SOAK_REPEATS times, every fuzz target SOAK_FUZZ_SECONDS
	@tools/lint.py --build build/dev --jobs $(JOBS) --names
	@$(quietly) build-alone cmake --build --preset alone -j $(JOBS)
	@tools/run_tests.sh build/dev -j $(TEST_JOBS) -LE '^style$$' --repeat until-fail:$(SOAK_REPEATS)
	@tools/run_tests.sh build/tsan -j $(TEST_JOBS) -L '_threads$$' --repeat until-fail:$(SOAK_REPEATS)
	@AGENTOS_CYCLES=1000 build/dev/bin/sandbox_test --gtest_brief=1 --gtest_filter='*over_and_over*'
	@AGENTOS_KILLS=500 build/dev/bin/recorder_test --gtest_brief=1 --gtest_filter='Kill.*'
	@AGENTOS_DAMAGE_ALL=1 build/dev/bin/recorder_test --gtest_brief=1 --gtest_filter='Damage.*'
	@$(MAKE) build && build/bin/proof_bench 10000000
	@$(MAKE) fuzz FUZZ_SECONDS=$(SOAK_FUZZ_SECONDS)

coverage: setup build/coverage/build.ninja ## line and branch coverage of src/ by the tests
	@$(quietly) build-coverage cmake --build --preset coverage -j $(JOBS)
	@tools/coverage.sh build/coverage $(TEST_JOBS)

install: build ## into PREFIX (default /usr/local), below DESTDIR when set
	@DESTDIR='$(DESTDIR)' $(quietly) install cmake --install build --prefix '$(PREFIX)'

clean: ## remove everything that was built
	@rm -rf build

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1|\2/p' Makefile | while IFS='|' read -r target text; do printf '%-16s %s\n' "$$target" "$$text"; done
