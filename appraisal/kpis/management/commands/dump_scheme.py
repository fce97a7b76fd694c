"""``manage.py dump_scheme CODE``: write a scheme with its KPIs as one readable file."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from appraisal.kpis import files
from appraisal.kpis.models import SchemeVersion


class Command(BaseCommand):
    help = "Write the active version of a scheme with its KPIs as YAML to the standard output."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("code", help="the scheme's code, for instance: standard")

    def handle(self, *args: Any, **options: Any) -> None:
        code = options["code"]
        version = SchemeVersion.objects.filter(scheme__code=code, state="active").first()
        if version is None and (files.SHIPPED / f"{code}.yaml").is_file():
            version = files.ensure_scheme(code=code, by=None, now=timezone.now())
        if version is None:
            raise CommandError(f"There is no active scheme {code}.", returncode=2)
        self.stdout.write(files.dump_scheme(version), ending="")
