"""Both languages are complete: a new string without Chinese, or a guessed one, fails."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po
from django.utils import translation

from appraisal.evidence.kinds import KINDS, field_label
from tests.conftest import ROOT

CATALOGUE = ROOT / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%%|\{\w+\}")


def read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale="zh_Hans")


def texts(value: str | tuple[str, ...] | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def messages(catalogue: Catalog) -> list[Message]:
    return [message for message in catalogue if message.id]


def test_every_string_has_its_chinese() -> None:
    missing = [message.id for message in messages(read(CATALOGUE)) if not all(texts(message.string))]
    assert missing == []


def test_no_chinese_is_only_guessed() -> None:
    assert [message.id for message in messages(read(CATALOGUE)) if message.fuzzy] == []


def test_placeholders_are_the_same_in_both_languages() -> None:
    different = [
        message.id
        for message in messages(read(CATALOGUE))
        for text in texts(message.string)
        if set(PLACEHOLDER.findall(text)) != set(PLACEHOLDER.findall(texts(message.id)[-1]))
    ]
    assert different == []


def test_the_catalogue_holds_every_string_of_the_code(tmp_path: Path) -> None:
    if shutil.which("xgettext") is None:
        pytest.skip("missing service: gettext (xgettext is not installed)")
    copy = tmp_path / "portal"
    ignored = shutil.ignore_patterns(".*", "node_modules", "var", "tests", "*.mo", "__pycache__")
    shutil.copytree(ROOT, copy, ignore=ignored)
    subprocess.run(
        [sys.executable, "manage.py", "makemessages", "--locale", "zh_Hans", "--no-wrap"],
        cwd=copy,
        check=True,
        capture_output=True,
        env={"PATH": "/usr/bin:/bin", "VAR_DIR": str(tmp_path / "var"), "DEMO": "1"},
    )
    collected = read(copy / CATALOGUE.relative_to(ROOT))
    known = {message.id for message in messages(read(CATALOGUE))}
    assert sorted(texts(m.id)[0] for m in messages(collected) if m.id not in known) == []


@pytest.mark.parametrize("kind", KINDS)
def test_fields_of_records_are_called_by_chinese_names(kind: str) -> None:
    """A field without a name of its own has that of the code, which is English in every language."""
    with translation.override("zh-hans"):
        labels = {name: field_label(kind, name) for name in KINDS[kind].fields}
    assert {name: label for name, label in labels.items() if label.isascii()} == {}
