#!/usr/bin/env bash
# Sets the portal up and runs web, worker and beat until Ctrl-C.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh run
export PATH="$PWD/.venv/bin:$PATH" PORT="${PORT:-8000}" PYTHONUNBUFFERED=1

python - "${BIND:-127.0.0.1}" "$PORT" <<'PY'
import socket, sys

host, port = sys.argv[1], sys.argv[2]
try:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, int(port)))
except (OSError, ValueError, OverflowError) as error:
    sys.exit(f"Cannot serve on {host}:{port} ({error}). Choose another port: make run PORT=8001")
PY

python manage.py migrate --verbosity 0
python manage.py collectstatic --no-input --verbosity 0
python manage.py seed_demo --if-empty

echo "The portal opens at http://127.0.0.1:$PORT (Ctrl-C ends it)."
# A closed terminal (HUP) would end it before its children, so it only hears of it as TERM.
(trap '' HUP && exec python scripts/serve.py) &
serve=$!
stopped=
trap 'stopped=1; kill -TERM "$serve" 2>/dev/null || true' INT TERM HUP
status=0
while kill -0 "$serve" 2>/dev/null; do
    status=0
    wait "$serve" || status=$?
done
[ -z "$stopped" ] || exit 0
exit "$status"
