# Ordinal's commands. `make demo` and `make test` do all the set-up a fresh Debian 12 machine needs.
SHELL := /bin/bash
JOBS ?= 2
SWIFT ?= $(shell command -v swift 2>/dev/null || { [ -x /opt/swift/usr/bin/swift ] && echo /opt/swift/usr/bin/swift; } || echo swift)
DEBUG_BUILD := ORDINAL_WARNINGS=error $(SWIFT) build -j $(JOBS) --build-tests
# With it dictionaries have the same order in every run, so a seed of the simulation replays.
REPLAYABLE := SWIFT_DETERMINISTIC_HASHING=1
SEED ?= 1
SEEDS ?= 1
export SWIFT JOBS

.PHONY: help setup build release check fmt test unit e2e golden simulate bench demo images catalog clean soak

help:
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: ## install what is missing from Debian, and say why
	@Scripts/setup.sh

build: setup ## debug build with tests, warnings are errors
	$(DEBUG_BUILD)

release: setup ## release build of the program
	$(SWIFT) build -c release -j $(JOBS) --product ordinal

check: setup ## formatting, build with warnings as errors, tidy tests
	$(SWIFT) format lint --strict --parallel --recursive Sources Tests Package.swift
	$(DEBUG_BUILD)
	ORDINAL_WARNINGS=error $(SWIFT) test --skip-build --filter TidyTests

fmt: ## format the sources in place
	$(SWIFT) format --in-place --parallel --recursive Sources Tests Package.swift

test: build images unit e2e ## every test: units, conformance, golden, end to end with real kubectl and containers

unit: build
	Scripts/timed.sh "unit and conformance suites" Scripts/in-netns.sh env $(REPLAYABLE) ORDINAL_WARNINGS=error $(SWIFT) test --skip-build --skip EndToEndTests --skip SimulationTests
	Scripts/timed.sh "simulation suites" Scripts/in-netns.sh env $(REPLAYABLE) ORDINAL_WARNINGS=error $(SWIFT) test --skip-build --filter SimulationTests

e2e: build images
	@Scripts/setup.sh tests
	Scripts/timed.sh "end-to-end suites" Scripts/in-netns.sh env ORDINAL_WARNINGS=error $(SWIFT) test --skip-build --no-parallel --filter EndToEndTests

soak: build images ## the end-to-end suites three times over, with 20 crashes and real databases, and 10,000 simulations
	@Scripts/setup.sh tests
	Scripts/images.sh etcd:3.4 postgres:15
	for round in 1 2 3; do Scripts/timed.sh "soak round $$round" Scripts/in-netns.sh env ORDINAL_WARNINGS=error \
	    ORDINAL_CRASH_ROUNDS=20 $(SWIFT) test --skip-build --no-parallel --filter EndToEndTests || exit 1; done
	$(SWIFT) build -c release -j $(JOBS) --product ordinal-simulate
	Scripts/timed.sh "10,000 simulations" Scripts/seeds.sh 1000 10000

simulate: build ## replay a simulation and print all that happened: make simulate SEED=7 (SEEDS=100 from there on)
	$(REPLAYABLE) .build/debug/ordinal-simulate $(SEED) $(SEEDS) $(if $(filter 1,$(SEEDS)),--log)

golden: build ## rewrite the golden files from what the code prints now
	ORDINAL_GOLDEN=write ORDINAL_WARNINGS=error $(SWIFT) test --skip-build --skip EndToEndTests

bench: release images ## measure start, idle cost and pods per second, with machine facts
	$(SWIFT) build -c release -j $(JOBS) --product ordinal-cri-bench
	Scripts/in-netns.sh python3 Benchmarks/bench.py

demo: ## the whole thing, for real, in about 20 s after the build
	@Scripts/demo.sh

images: setup ## build the images of the demo and the tests, offline, from Debian packages
	@Scripts/images.sh

catalog: ## rebuild the catalogue of builtin kinds: make catalog SCHEMA=path/to/schema
	python3 Scripts/make-catalog.py $(SCHEMA)

clean: ## remove everything that was built
	rm -rf .build images/out
