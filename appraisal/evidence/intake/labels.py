"""Whom the labels of a file mean, looked up as they appear."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from appraisal.evidence.intake.errors import RejectReason
from engineers.actions import ensure_engineers
from engineers.queries import match_labels


class EngineerLabels:
    """Remembers what each label stands for. Newcomers are created by ``create`` alone, for a sound file."""

    def __init__(self, *, create_unknown: bool) -> None:
        self._create_unknown = create_unknown
        self._ids: dict[str, int] = {}
        self._faults: dict[str, RejectReason] = {}
        self._newcomers: set[str] = set()
        self._teams: dict[str, Counter[str]] = defaultdict(Counter)

    @property
    def ids(self) -> dict[str, int]:
        return self._ids

    @property
    def newcomers(self) -> frozenset[str]:
        return frozenset(self._newcomers)

    def faults(self, labels: Iterable[str]) -> dict[str, RejectReason]:
        """Return the labels that cannot be credited to anyone, and why."""
        labels = set(labels)
        unseen = labels - self._ids.keys() - self._faults.keys() - self._newcomers
        if unseen:
            matches = match_labels(unseen)
            self._ids |= matches.engineer_ids
            self._faults |= dict.fromkeys(matches.ambiguous & unseen, RejectReason.AMBIGUOUS_ENGINEER)
            unknown = unseen - matches.engineer_ids.keys() - matches.ambiguous
            if self._create_unknown:
                self._newcomers |= unknown
            else:
                self._faults |= dict.fromkeys(unknown, RejectReason.UNKNOWN_ENGINEER)
        return {label: self._faults[label] for label in labels & self._faults.keys()}

    def saw_teams(self, pairs: Iterable[tuple[str, str, int]]) -> None:
        """Count (engineer, team, times) for the newcomers among them."""
        for label, team, times in pairs:
            if label in self._newcomers and team:
                self._teams[label][team] += times

    def create(self) -> None:
        """Create the newcomers, each in the team named most often with them; ties go by the alphabet."""
        if not self._newcomers:
            return
        team_by_label = {label: self._team(label) for label in sorted(self._newcomers)}
        self._ids |= ensure_engineers(team_by_label=team_by_label)
        self._newcomers.clear()

    def _team(self, label: str) -> str:
        counted = self._teams[label]
        # A team's code is shorter than a label of a ticket may be; cut, it would name another team.
        fitting = [team for team in counted if len(team) <= 100]
        return min(fitting, key=lambda team: (-counted[team], team), default="")
