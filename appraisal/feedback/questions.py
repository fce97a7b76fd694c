"""What each group of raters is asked: read once from ``questions.yaml``. Source: STANDARD 4."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml
from django.utils.translation import get_language

from appraisal.scoring.feedback import HIGHEST_ANSWER, RaterGroup

SHIPPED = Path(__file__).parent / "questions.yaml"


@dataclass(frozen=True)
class Words:
    zh: str
    en: str

    def __str__(self) -> str:
        return self.zh if (get_language() or "").startswith("zh") else self.en


@dataclass(frozen=True)
class Item:
    """One question, its five anchors from lowest to highest, and the measures it feeds."""

    code: str
    name: Words
    question: Words
    anchors: tuple[Words, ...]
    measures: tuple[str, ...]


@cache
def get_forms() -> Mapping[RaterGroup, tuple[Item, ...]]:
    """Return the items of each group. Raises ValueError when the file has an item without five anchors."""
    raw: dict[str, list[dict[str, Any]]] = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
    return MappingProxyType({RaterGroup(group): tuple(_read_item(item) for item in raw[group]) for group in raw})


def items_of(group: str) -> tuple[Item, ...]:
    return get_forms()[RaterGroup(group)]


def codes_of(group: str) -> list[str]:
    return [item.code for item in items_of(group)]


@cache
def get_feeds() -> Mapping[str, Mapping[RaterGroup, tuple[str, ...]]]:
    """Return for each measure the items that feed it, by group."""
    feeds: dict[str, dict[RaterGroup, tuple[str, ...]]] = {}
    for group, items in get_forms().items():
        for item in items:
            for measure in item.measures:
                of_group = feeds.setdefault(measure, {})
                of_group[group] = (*of_group.get(group, ()), item.code)
    return MappingProxyType({measure: MappingProxyType(feeds[measure]) for measure in sorted(feeds)})


def _read_item(raw: dict[str, Any]) -> Item:
    anchors = tuple(Words(**anchor) for anchor in raw["anchors"])
    if len(anchors) != HIGHEST_ANSWER:
        raise ValueError(f"item {raw['code']} has {len(anchors)} anchors")
    return Item(raw["code"], Words(**raw["name"]), Words(**raw["question"]), anchors, tuple(raw.get("measures", ())))
