"""Runs a program at a given instant: ``python -m tests.clock 2026-11-12T10:00:00+08:00 manage.py COMMAND``."""

from __future__ import annotations

import runpy
import sys
from datetime import datetime

import time_machine


def main() -> None:
    instant, *sys.argv = sys.argv[1:]
    # It goes on from there: servers measure their timeouts by it.
    with time_machine.travel(datetime.fromisoformat(instant), tick=True):
        runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    main()
