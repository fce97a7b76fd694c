#!/usr/bin/env bash
# Collects the strings to translate into locale/*/LC_MESSAGES/django.po.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v xgettext >/dev/null || { echo "gettext is missing: apt-get install gettext" >&2; exit 1; }
mkdir -p locale

# A new file starts with a fuzzy header, and Babel would then pass over the whole file.
settle_headers() {
    local po
    for po in locale/*/LC_MESSAGES/django.po; do
        [ ! -e "$po" ] || { sed '1,/^msgid/{/^#, fuzzy$/d}' "$po" >"$po.new" && mv "$po.new" "$po"; }
    done
}

settle_headers
scripts/setup.sh run
.venv/bin/python manage.py makemessages --locale zh_Hans --add-location file --no-wrap \
    --ignore .venv --ignore node_modules --ignore var --ignore tests
settle_headers
