"""``manage.py load_scheme FILE``: read a scheme with its KPIs from one file and activate it."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from appraisal.kpis.files import load_scheme


class Command(BaseCommand):
    help = "Read a scheme with its KPIs from a YAML file and activate it as a new version. Exit 1: refused."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="the scheme file; dump_scheme writes one to start from")

    def handle(self, *args: Any, **options: Any) -> None:
        path = Path(options["file"])
        if not path.is_file():
            raise CommandError(f"There is no file {path}.", returncode=2)
        try:
            version = load_scheme(text=path.read_text(encoding="utf-8"), by=None, now=timezone.now())
        except ValidationError as error:
            raise CommandError(" ".join(error.messages), returncode=1) from error
        self.stdout.write(f"{version} is active.")
