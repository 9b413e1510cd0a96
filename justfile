# The only commands of this repository: people, hooks and CI all call these recipes.
# `./justw RECIPE` runs them on a machine without `just`.

set shell := ["bash", "-euo", "pipefail", "-c"]
set positional-arguments

# List the recipes
default:
    @"{{ just_executable() }}" --justfile "{{ justfile() }}" --list --unsorted

# Run databases, sample clients and services in the foreground; .dev/env says where (RELAYS=3 INGESTS=2 RECONCILERS=2, CLAIMSYNC_PROFILE=release)
up *arguments: setup
    @scripts/devstack up "$@"

# Post the sample mails, show what became of each, exit 0 when all came out right
demo: setup
    @scripts/devstack demo

# Run all tests on real databases; arguments go to the test runner (-p relay, a test's name)
test *arguments: setup
    @scripts/test "$@"

# Break a private stack under load and check that every promise held (--seed N, --minutes M)
chaos *arguments: setup
    @scripts/chaos "$@"

# Measure release builds beside a floor (relay, ingest, latency, idle, backlog, hold, reconcile; --json, --publish DIR)
bench *arguments: setup
    @scripts/bench "$@"

# Empty the databases of `up` (asks first; --yes does not)
reset *arguments:
    @scripts/devstack reset "$@"

# Install what the machine lacks: a C compiler, PostgreSQL, MongoDB
setup:
    @scripts/setup

# Format all code
fmt:
    cargo fmt --all

# Refuse unformatted code and every warning
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --locked -- -D warnings

# Run migrations on DATABASE_URL: up, down, status
migrate *arguments:
    @cargo run --quiet --package migrate -- "$@"

# Measure extraction on the labelled corpus, exit 1 at a wrong write ([DIR] [--json] [--provider …])
eval *arguments:
    @cargo run --quiet --release --package eval -- "$@"

# Make the weights of the trained model from the labelled sentences and mails of corpus ([--without NAME --out FILE])
train *arguments:
    @cargo run --quiet --release --package eval --bin train -- "$@"

# Check the protocol's model in every state, and that each guard is needed
model *arguments:
    @cargo run --quiet --release --package model -- "$@"
