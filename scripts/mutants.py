"""Mutation tests of the scoring rules (``make mutants``).

Every small change to ``appraisal/scoring`` should fail some test. A workspace with that room, its tests and nothing
else is built anew, so that each run starts from nothing and needs neither Django nor a database. Without arguments
prints the share of changes noticed and the names of those that were not; ``show NAME`` prints one of them as a diff.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from fractions import Fraction
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORKSPACE = ROOT / "var" / "mutants"
FLOOR_PERCENT = 90
# Of the property tests those that need nothing but the scoring room.
PROPERTIES = ("test_scoring*.py", "test_adding.py", "test_projection.py", "test_bonus.py")

# As in tests/conftest.py, with fewer examples: the same ones in every run.
CONFTEST = """from hypothesis import HealthCheck, settings

settings.register_profile(
    "mutants", derandomize=True, deadline=None, max_examples=20, database=None, suppress_health_check=list(HealthCheck)
)
settings.load_profile("mutants")
"""
# Exit codes of the tests under a change, as mutmut stores them. Whatever stops them was noticed.
SURVIVED, NO_TESTS, NOT_RUN = 0, (5, 33), (2, None)


def main() -> int:
    if sys.argv[1:]:
        return subprocess.run([_mutmut(), *sys.argv[1:]], cwd=WORKSPACE, check=False).returncode  # noqa: S603
    _build_workspace()
    workers = str(os.cpu_count() or 1)
    subprocess.run([_mutmut(), "run", "--max-children", workers], cwd=WORKSPACE, check=True)  # noqa: S603
    return _report()


def _mutmut() -> str:
    return str(Path(sys.executable).parent / "mutmut")


def _build_workspace() -> None:
    shutil.rmtree(WORKSPACE, ignore_errors=True)
    skip = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "appraisal" / "scoring", WORKSPACE / "appraisal" / "scoring", ignore=skip)
    shutil.copytree(ROOT / "tests" / "unit" / "scoring", WORKSPACE / "tests" / "unit" / "scoring", ignore=skip)
    for pattern in PROPERTIES:
        for path in ROOT.glob(f"tests/property/{pattern}"):
            _copy(path)
    for name in ("__init__.py", "examples.py", "data/cases.json"):
        _copy(ROOT / "tests" / name)
    _copy(ROOT / "appraisal" / "__init__.py")
    shutil.copy(ROOT / "scripts" / "mutants.toml", WORKSPACE / "pyproject.toml")
    (WORKSPACE / "conftest.py").write_text(CONFTEST, encoding="utf-8")


def _copy(path: Path) -> None:
    place = WORKSPACE / path.relative_to(ROOT)
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(path, place)


def _report() -> int:
    codes: dict[str, int | None] = {}
    for path in sorted((WORKSPACE / "mutants").rglob("*.py.meta")):
        codes |= json.loads(path.read_text(encoding="utf-8"))["exit_code_by_key"]
    unnoticed = [name for name, code in codes.items() if code == SURVIVED or code in NO_TESTS or code in NOT_RUN]
    if not codes:
        raise SystemExit("mutants: none were made")
    lines = [f"not noticed: {name}" for name in unnoticed]
    modules = Counter(name.split(".x")[0] for name in unnoticed)
    lines += [f"{count:5} {module}" for module, count in sorted(modules.items())]
    percent = Fraction(100 * (len(codes) - len(unnoticed)), len(codes))
    tenths = int(percent * 10)  # cut, not rounded: the floor must not be reached by rounding
    lines.append(f"mutants: {len(codes) - len(unnoticed)} of {len(codes)} noticed, {tenths // 10}.{tenths % 10} %")
    sys.stdout.write("\n".join(lines) + "\n")
    return 0 if percent >= FLOOR_PERCENT else 1


if __name__ == "__main__":
    sys.exit(main())
