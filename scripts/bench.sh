#!/usr/bin/env bash
# Runs the benchmarks against a private PostgreSQL and Redis. Arguments go to the benchmark.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh test
scripts/test-services.sh postgresql redis
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
.venv/bin/python -m tests.load.bench_clock
.venv/bin/python -m tests.services .venv/bin/python -m tests.load.bench "$@"
VAR_DIR="$folder" .venv/bin/python -m tests.load.bench_tryout
DEMO=1 .venv/bin/python -m tests.services .venv/bin/python -m tests.load.bench_tryout
.venv/bin/python -m tests.load.bench_jobs
DEMO=1 .venv/bin/python -m tests.services .venv/bin/python -m tests.load.bench_pages
.venv/bin/python -m tests.services .venv/bin/python -m tests.load.bench_scoring
