"""Runs a command of the portal as a process of its own and takes its time and peak memory."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Cost:
    seconds: float
    peak_mb: int
    output: str


def manage(*arguments: str) -> Cost:
    """Run ``manage.py`` to its end. Raises RuntimeError with its output when it fails."""
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, "manage.py", *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    output = process.stdout.read() if process.stdout else ""
    _pid, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{arguments[0]} ended with {process.returncode}: {output}")
    return Cost(time.perf_counter() - started, usage.ru_maxrss // 1024, output)
