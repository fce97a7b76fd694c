#!/usr/bin/env bash
# Installs what tests want from the system and this machine lacks: only as root, only where apt-get exists.
# Anything still missing afterwards is named by the tests' closing lines.
# Usage: scripts/test-services.sh [postgresql redis chromium font gettext]   (default: all)
set -euo pipefail
cd "$(dirname "$0")/.."
[ "$#" -gt 0 ] || set -- postgresql redis chromium font gettext

declare -A package=(
    [postgresql]=postgresql [redis]=redis-server [chromium]=chromium [font]=fonts-wqy-microhei [gettext]=gettext
)
wanted=()
for name in $(.venv/bin/python -m tests.services --missing "$@"); do
    wanted+=("${package[$name]}")
done
[ "${#wanted[@]}" -gt 0 ] || exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    exit 0
fi

echo "installing for the tests: ${wanted[*]}"
log="$(mktemp)"
trap 'rm -f "$log"' EXIT
# RUNLEVEL: the packages' own servers are not to be started, the tests run private ones.
export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
apt=(apt-get -y -q -o DPkg::Lock::Timeout=300)
"${apt[@]}" update >"$log" 2>&1 || { echo "apt-get update failed:" && tail -n 3 "$log"; }
# One by one when together fails: a package that this system does not know must not cost the others.
if ! "${apt[@]}" install --no-install-recommends "${wanted[@]}" >"$log" 2>&1; then
    for name in "${wanted[@]}"; do
        "${apt[@]}" install --no-install-recommends "$name" >"$log" 2>&1 || { echo "could not install $name:" && tail -n 3 "$log"; }
    done
fi
