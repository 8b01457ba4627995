# The one entry: each target is a thin shim over a command that works on its own.
.DEFAULT_GOAL := help
CARGO ?= cargo
RUN = $(CARGO) run --quiet --release --package artifactstore-cli --

.PHONY: help demo demo-site dev up down test lint type migrate migrate-fresh bench docs coverage fuzz

help: ## say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## build, push this tree into a throw-away store, pull it back, compare, verify, tail, replay
	@deploy/dev/demo

dev: ## serve gRPC on 7070 and HTTP on 7071, on SQLite and a directory below ./var
	$(RUN) dev

up: ## start a whole site on this machine: PostgreSQL, Ceph RGW, two control planes, three nodes
	@deploy/dev/up

demo-site: ## push, pull, crash and start again on a throw-away site of several processes
	@deploy/dev/demo-site

down: ## end it; the data stays below ./var/dev
	@deploy/dev/down

test: ## run every test on memory, SQLite, PostgreSQL and Ceph RGW; installs what is missing
	@deploy/dev/test

lint: ## formatting, clippy without warnings, the rules of the house, what is deployed
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- --deny warnings
	$(CARGO) run --quiet --package artifactstore-house
	@deploy/check

type: ## check types only
	$(CARGO) check --workspace --all-targets

migrate: ## bring the database of ARTIFACTSTORE_DATABASE_URL up to date
	$(RUN) migrate

migrate-fresh: ## empty that database first; everything in it is lost
	$(RUN) migrate --fresh --yes

bench: ## measure; prints ratios in one run
	@deploy/dev/bench

coverage: ## measure what the tests of the contract families reach; fails below 98 % of a family's lines
	@deploy/dev/coverage

fuzz: ## run the fuzz targets of the contracts on half a million inputs each, without a fuzzer
	FUZZ_CASES=500000 $(CARGO) test --release --package artifactstore-contracts --test fuzz

docs: ## build the API documentation, without warnings
	RUSTDOCFLAGS="--deny warnings" $(CARGO) doc --workspace --no-deps
