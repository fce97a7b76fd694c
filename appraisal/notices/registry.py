"""The topics of notices. A room declares its own in its module ``notices``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

OTHER = "other"
# People choose by group: the part of a topic's code before the dot.
GROUPS: Mapping[str, str | Promise] = {
    "cycles": _("Cycles: opening, deadlines, publishing"),
    "reviews": _("Reviews: rating, sign-off, interviews"),
    "appeals": _("Appeals and disputed tickets"),
    "feedback": _("360° feedback"),
    "evidence": _("Records and reports"),
    "outcomes": _("Use of results: bonus, plans, training"),
    OTHER: _("Everything else"),
}
_ALIASES = {"cycle": "cycles", "review": "reviews", "appeal": "appeals"}
_TOPICS: dict[str, Topic] = {}


@dataclass(frozen=True)
class Topic:
    """One thing people can be told; ``text`` is a lazy string with named ``%(x)s``, filled in when read or sent.

    An urgent topic is sent at once, all others as each person chose.
    """

    code: str
    label: str | Promise
    text: str | Promise
    is_urgent: bool = False

    @property
    def group(self) -> str:
        prefix = self.code.partition(".")[0]
        group = _ALIASES.get(prefix, prefix)
        return group if group in GROUPS else OTHER

    def text_with(self, params: Mapping[str, str]) -> str:
        """Return the sentence in the language at hand. Raises KeyError for a part that is not given."""
        return str(self.text) % params


def register_topic(topic: Topic) -> None:
    """Declare a topic; meant for ``AppConfig.ready``. Raises ValueError for a code in use."""
    if topic.code in _TOPICS and str(_TOPICS[topic.code].text) != str(topic.text):
        raise ValueError(f"two topics are called {topic.code!r}")
    _TOPICS[topic.code] = topic


def get_topic(code: str) -> Topic:
    """Return a topic. Raises LookupError when no room declares it."""
    try:
        return _TOPICS[code]
    except KeyError:
        raise LookupError(f"there is no topic {code!r}") from None


def find_topic(code: str) -> Topic | None:
    """Return a topic, None for one that no room of this version declares any more."""
    return _TOPICS.get(code)
