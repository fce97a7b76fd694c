#!/usr/bin/env bash
# Mutation tests of appraisal/scoring: prints the share of changes that the tests notice; fails below the floor.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh test
exec .venv/bin/python scripts/mutants.py "$@"
