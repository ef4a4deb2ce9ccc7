# `make run` starts the service, `make test` passes all tests; both on a fresh Debian 12 with a Rust toolchain.

SHELL := bash
CARGO ?= cargo
BUILD_TOOLS := cc:gcc
# Where npm or pip is missing, the set-up can do without; see models/setup/README.md.
TEST_TOOLS := $(BUILD_TOOLS) node:nodejs npm:npm pip3:python3-pip chromium:chromium ffmpeg:ffmpeg openssl:openssl

.PHONY: help run build models test tools lint unit e2e bench doc clean

help: ## List what can be made
	@grep -E '^[a-z0-9]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: build ## Build, fetch what is missing, start the service
	@scripts/run

build: models ## Build the binary
	$(CARGO) build --locked --release --bin liveness

models: ## Fetch and convert the networks into models/built
	@scripts/ensure $(BUILD_TOOLS)
	$(CARGO) run --locked --quiet -p liveness-model-setup

test: tools lint unit e2e ## Format, lints, unit, property, contract, integration and browser tests

tools: ## Fetch what the tests need
	@scripts/ensure $(TEST_TOOLS)
	$(CARGO) run --locked --quiet -p liveness-model-setup -- --test-material
	npm ci --ignore-scripts --no-progress --prefix tests/converter
	npm ci --ignore-scripts --no-progress --prefix tests/e2e
	npm ci --ignore-scripts --no-progress --prefix tests/clients/node
	$(MAKE) --no-print-directory tests/clients/python/.venv/installed

# pip comes from outside, so that Debian's package for whole environments is not needed.
tests/clients/python/.venv/installed: tests/clients/python/requirements.txt
	python3 -m venv --clear --without-pip tests/clients/python/.venv
	pip3 --python tests/clients/python/.venv/bin/python install --quiet --require-hashes -r $<
	touch $@

lint: ## Check format, lints and documentation
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --workspace --no-deps --quiet

# Most of them wait for a session's pace or a fault's end: three at a time keep two cores half busy.
unit: ## Unit, property, contract and integration tests
	RUST_TEST_THREADS=$${RUST_TEST_THREADS:-3} $(CARGO) test --locked --workspace

e2e: ## Browser tests on the built binary
	$(CARGO) test --locked --workspace --no-run # the binaries, as the other tests have built them
	cd tests/e2e && npm test

bench: models ## Ratios against the bare loops
	$(CARGO) bench --locked --bench service

clean: ## Remove what was built
	$(CARGO) clean
	rm -rf models/built tests/*/node_modules tests/clients/*/node_modules tests/clients/python/.venv
