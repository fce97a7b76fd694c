"""The kinds of work that run in the background. A room declares its own in its module ``jobs``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils.functional import Promise

if TYPE_CHECKING:
    from appraisal.jobs.models import Job

_KINDS: dict[str, JobKind] = {}


@dataclass(frozen=True, kw_only=True)
class JobKind:
    """One kind of work over items.

    ``work`` does some items in one transaction and may be called again for items it has done; ``finish`` does
    what is left once all items are done, in a transaction of its own. A kind that ``acts_outside`` the database, that
    writes files or sends letters, does both before the transaction that counts the part: that would keep other
    writers of SQLite waiting, and would take back rows about what has left the house. Two workers may then do the
    same part at the same moment.
    """

    name: str
    label: str | Promise
    part_size: int
    work: Callable[[Job, Sequence[int], datetime], None]
    finish: Callable[[Job, datetime], None] | None = None
    acts_outside: bool = False


def register(kind: JobKind) -> None:
    """Declare a kind; meant for ``AppConfig.ready``. Raises ValueError for a name in use or an empty part."""
    if _KINDS.get(kind.name, kind) != kind:
        raise ValueError(f"two kinds of job are called {kind.name!r}")
    if kind.part_size < 1:
        raise ValueError(f"a part of {kind.name!r} holds no item")
    _KINDS[kind.name] = kind


def get_kind(name: str) -> JobKind:
    """Return a kind. Raises LookupError when no room of this version declares it."""
    try:
        return _KINDS[name]
    except KeyError:
        raise LookupError(f"there is no kind of job {name!r}") from None


def label_of(name: str) -> str:
    """Return what people call a kind; jobs of kinds that are gone keep their bare name."""
    kind = _KINDS.get(name)
    return str(kind.label) if kind else name
