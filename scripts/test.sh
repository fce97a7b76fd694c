#!/usr/bin/env bash
# Sets up, brings the servers and the browser that the tests want, and runs all tests. Arguments go to pytest.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh test
scripts/test-services.sh
exec .venv/bin/python -m tests.passes "$@"
