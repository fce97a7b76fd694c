"""``manage.py verify_cycle CODE``: check a published cycle against its seal."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from appraisal.cycles.models import Cycle
from appraisal.reviews.figures.seals import Difference, Fault, verify_cycle
from appraisal.reviews.models import CycleSeal

SHOWN = 100

WORDS = {
    Fault.SEAL: "The seal itself was changed",
    Fault.RULES: "The rules are not those of the publication",
    Fault.STORED: "A stored figure is not the published one",
    Fault.EVIDENCE: "Later fact: the records say something else by now",
}


class Command(BaseCommand):
    help = (
        "Compute a published cycle anew and compare it with its seal, to the last digit. Differences of the records "
        "since then are listed as later facts and are no fault. "
        "Exit 0: matches, 1: something published was changed, 2: no such cycle, or it is not sealed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("code", help="the cycle's code")
        parser.add_argument("--json", action="store_true", help="print a machine-readable summary")

    def handle(self, *args: Any, **options: Any) -> None:
        cycle = Cycle.objects.filter(code=options["code"]).first()
        if cycle is None:
            raise CommandError(f"There is no cycle {options['code']}.", returncode=2)
        seal = CycleSeal.objects.filter(cycle=cycle).first()
        if seal is None:
            raise CommandError(f"{cycle.code} is not sealed: it has not been published.", returncode=2)
        counts: Counter[Fault] = Counter()
        shown: list[Difference] = []
        for difference in verify_cycle(cycle):
            counts[difference.fault] += 1
            if len(shown) < SHOWN:
                shown.append(difference)
        faults = sum(counts.values()) - counts[Fault.EVIDENCE]
        reviews = cycle.reviews.count()
        if options["json"]:
            summary = {
                "cycle": cycle.code,
                "matches": not faults,
                "reviews": reviews,
                "sealed_at": seal.sealed_at.isoformat(),
                "digest": seal.reviews_digest,
                "counts": {fault.value: counts[fault] for fault in Fault},
                "differences": [
                    {
                        "fault": each.fault.value,
                        "employee_no": each.employee_no,
                        "place": each.place,
                        "sealed": each.sealed,
                        "found": each.found,
                    }
                    for each in shown
                ],
            }
            self.stdout.write(json.dumps(summary, ensure_ascii=False))
        else:
            for each in shown:
                who = f"{each.employee_no} " if each.employee_no else ""
                self.stdout.write(f"{WORDS[each.fault]}: {who}{each.place}: {each.sealed!r} → {each.found!r}")
            if sum(counts.values()) > len(shown):
                self.stdout.write(f"… and {sum(counts.values()) - len(shown)} more")
            self.stdout.write(
                f"{cycle.code}: {reviews} reviews, {faults} faults, {counts[Fault.EVIDENCE]} later facts; "
                f"seal {seal.reviews_digest[:16]}."
            )
        if faults:
            raise CommandError(f"{cycle.code} is not as it was published.", returncode=1)
