# Names for the scripts in packaging/scripts; nothing is decided here.
# ARGS="..." goes on to `ai-infra serve` (make run) or to the bench (make bench).
.DEFAULT_GOAL := help
.PHONY: help setup portal build release run test browser lint fmt bench bench-peers bench-portal deb deb-smoke clean version-size

help: ## Say what there is
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1	\2/p' Makefile | expand -t 22

setup: ## Prepare this machine for building and testing
	@packaging/scripts/setup.sh test

portal: ## Build the pages into target/portal/dist
	@packaging/scripts/wasm.sh
	@packaging/scripts/portal.sh

build: ## Build everything for development
	@cargo build

release: ## Build the static binary with the portal inside
	@packaging/scripts/setup.sh build
	@packaging/scripts/release.sh

run: ## Set up, build, start, and print the address
	@packaging/scripts/run.sh $(ARGS)

test: ## Set up and run every check and test
	@packaging/scripts/test.sh

browser: ## Drive the portal in Chromium against the real binary
	@packaging/scripts/setup.sh build
	@packaging/scripts/release.sh
	@packaging/scripts/browser.sh $(ARGS)

lint: ## Format, clippy and documentation, warnings as errors
	@packaging/scripts/wasm.sh
	@packaging/scripts/lint.sh

fmt: ## Format all code
	@cargo fmt --all

bench: ## Measure the release build
	@packaging/scripts/bench.sh $(ARGS)

bench-peers: ## Measure the vector index beside other engines, an hour the first time
	@packaging/scripts/bench-peers.sh

bench-portal: ## Measure the portal in Chromium, on a quiet machine
	@packaging/scripts/bench-portal.sh

deb: ## Build the Debian package into target/deb
	@packaging/scripts/deb.sh

deb-smoke: ## Prove the Debian package in a Debian 12 of its own; takes root
	@packaging/scripts/deb-smoke.sh

clean: ## Remove what was built (not your data)
	@cargo clean
	@rm -rf .venv

version-size: ## Print the release binary's version and size
	@packaging/scripts/size.sh
