"""Every figure of every worked example is compared by a test of its name."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.examples import CASES

TESTS = Path(__file__).parents[1]


def test_every_figure_of_every_example_is_compared() -> None:
    texts = [file.read_text(encoding="utf-8") for room in ("unit", "integration") for file in places(room)]
    keys = {(name, key) for name, figures in CASES.items() for key in figures}
    assert sorted(keys - compared(texts)) == []


def test_a_figure_nobody_compares_is_noticed() -> None:
    text = 'class TestE1:\n    def test_it(self):\n        assert minutes() == case("E1", "correct_min")\n'
    assert compared([text]) == {("E1_holiday_makeup", "correct_min")}
    elsewhere = text.replace("TestE1", "TestE2")
    assert compared([elsewhere]) == set(), "not in a test of the example's name"


def places(room: str) -> list[Path]:
    return sorted((TESTS / room).rglob("test_*.py"))


def compared(texts: list[str]) -> set[tuple[str, str]]:
    """Return example and key of the figures that some tests look up."""
    return {pair for text in texts if "case" in text.lower() for pair in _looked_up(ast.parse(text))}


def _looked_up(module: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield what functions named for an example, or in a class named for it, look up in that example."""
    for statement in module.body:
        if not isinstance(statement, ast.ClassDef | ast.FunctionDef):
            continue
        words = statement.name.lower().removeprefix("test").strip("_").split("_")
        name = next((name for name in CASES if name.split("_")[0].lower() == words[0]), "")
        texts = {node.value for node in ast.walk(statement) if isinstance(node, ast.Constant)}
        # Looked up as case("E1", …) or in CASES["E1_…"], by a key that stands in the same test.
        if name and texts & {name, name.split("_")[0]}:
            yield from ((name, key) for key in CASES[name] if key in texts)
