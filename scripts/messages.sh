#!/usr/bin/env bash
# Collects the strings to translate into locale/*/LC_MESSAGES/django.po.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v xgettext >/dev/null || { echo "gettext is missing: apt-get install gettext" >&2; exit 1; }
scripts/setup.sh run
mkdir -p locale
.venv/bin/python manage.py makemessages --locale zh_Hans --locale en --add-location file --no-wrap \
    --ignore .venv --ignore node_modules --ignore var --ignore tests
