#!/usr/bin/env bash
# Runs the benchmarks against a private PostgreSQL and Redis. Arguments go to the benchmark.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh test
scripts/test-services.sh postgresql redis
.venv/bin/python -m tests.load.bench_clock
.venv/bin/python -m tests.services .venv/bin/python -m tests.load.bench "$@"
.venv/bin/python -m tests.services .venv/bin/python -m tests.load.bench_scoring
exec .venv/bin/python -m tests.load.bench_jobs
