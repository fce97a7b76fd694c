from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _

from appraisal.evidence import actions
from appraisal.evidence.intake.errors import IntakeMisuse, PresetInvalid, refusal_text
from appraisal.evidence.intake.presets import shipped_presets
from appraisal.evidence.intake.rejects import rejects_csv
from appraisal.evidence.models import EvidenceKind, ImportReject, ImportState

DONE, REJECTED, MISUSE = 0, 1, 2


class Command(BaseCommand):
    help = (
        "Import evidence from a csv, tsv or xlsx file, also zipped or gzipped. "
        "Exit code: 0 done, 1 refused or rows rejected, 2 misuse."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", help="the file to import")
        parser.add_argument("--kind", required=True, help=f"what to import: {', '.join(EvidenceKind.values)}")
        parser.add_argument("--preset", required=True, help=f"how to read it: {', '.join(shipped_presets())}")
        parser.add_argument(
            "--source", default="", help="name of the system the records come from (default: what the preset says)"
        )
        parser.add_argument(
            "--timezone", default="", help="zone of times without an offset (default: the organisation's)"
        )
        parser.add_argument(
            "--create-engineers",
            action="store_true",
            help="create engineers nobody knows instead of rejecting their rows",
        )
        parser.add_argument("--dry-run", action="store_true", help="check and count, store nothing")
        parser.add_argument("--rejects", metavar="OUT.csv", help="write the rejected rows to this file")
        parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        began = time.monotonic()
        path = Path(options["file"])
        if not path.is_file():
            self._misuse(_("There is no file %(path)s.") % {"path": path})
        out = Path(options["rejects"]) if options["rejects"] else None
        if out and not out.parent.is_dir():
            self._misuse(_("There is no folder %(path)s.") % {"path": out.parent})
        request: dict[str, Any] = {
            "kind": options["kind"],
            "preset": options["preset"],
            "source": options["source"],
            "time_zone": options["timezone"],
            "create_engineers": options["create_engineers"],
        }
        try:
            if options["dry_run"]:
                summary = actions.check_import(path=path, **request)
            else:
                job = actions.start_import(file=None, file_name=path.name, by=None, now=timezone.now(), **request)
                summary = actions.run_import(import_id=job.pk, path=path)
        except (IntakeMisuse, PresetInvalid) as misuse:
            self._misuse(str(misuse))
        if out:
            with out.open("w", encoding="utf-8", newline="") as file:
                file.writelines(rejects_csv(_rejects(summary)))
        self._report(summary, seconds=time.monotonic() - began, as_json=options["json"])
        if summary.state != ImportState.DONE or summary.rejected:
            sys.exit(REJECTED)

    def _report(self, summary: actions.ImportSummary, *, seconds: float, as_json: bool) -> None:
        refusal = refusal_text(summary.refusal)
        if as_json:
            counts = {name: getattr(summary, name) for name in (*actions.COUNTS, "state")}
            content = {
                "import": summary.import_id,
                **counts,
                "refusal": refusal,
                "seconds": round(seconds, 3),
            }
            self.stdout.write(json.dumps(content, ensure_ascii=False))
            return
        if refusal:
            self.stderr.write(refusal)
            return
        self.stdout.write(
            _(
                "%(rows)s rows, %(records)s records: %(created)s created, %(updated)s updated, "
                "%(unchanged)s unchanged; %(rejected)s rows rejected; "
                "%(unattributed)s records name no engineer."
            )
            % {name: getattr(summary, name) for name in actions.COUNTS}
        )

    def _misuse(self, sentence: str) -> None:
        self.stderr.write(sentence)
        sys.exit(MISUSE)


def _rejects(summary: actions.ImportSummary) -> Iterable[tuple[int, str, str, str]]:
    if summary.rejects is not None:
        return summary.rejects.iter_rows()
    rejects = ImportReject.objects.filter(evidence_import=summary.import_id)
    return rejects.values_list("row_number", "column", "value", "reason").iterator()
