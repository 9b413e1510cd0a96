# The only commands of this repository: people, hooks and CI all call these recipes.
# `./justw RECIPE` runs them on a machine without `just`.

set shell := ["bash", "-euo", "pipefail", "-c"]
set positional-arguments

# List the recipes
default:
    @just --list --unsorted

# Run all tests on real databases; arguments go to the test runner (-p relay, a test's name)
test *arguments: setup
    @scripts/test "$@"

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
