#!/usr/bin/env bash
# Takes the pictures of docs/guide anew from a demonstration of its own. Arguments: names of pictures (default: all).
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh test
scripts/test-services.sh chromium font
exec .venv/bin/python -m tests.guide.take "$@"
