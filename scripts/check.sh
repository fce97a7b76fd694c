#!/usr/bin/env bash
# All static checks; every one runs, so that one run shows all there is to mend.
set -uo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh test || exit 1
export PATH="$PWD/.venv/bin:$PATH"
failed=()

step() { # step NAME COMMAND...
    local name="$1"
    shift
    echo "== $name"
    "$@" || failed+=("$name")
}

step format ruff format --check .
step lint ruff check .
step types mypy
step imports lint-imports
step migrations python manage.py makemigrations --check --dry-run
step django python manage.py check

if [ "${#failed[@]}" -gt 0 ]; then
    echo "check: failed: ${failed[*]}" >&2
    exit 1
fi
echo "check: all passed"
