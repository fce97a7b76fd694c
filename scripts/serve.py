"""Runs the processes of the Procfile together, with honcho; ends them in order when told to.

honcho itself signals whole process groups and waits five seconds. A Celery worker needs about five, and hangs
when the processes of its pool are ended behind its back.
"""

import contextlib
import os
import signal
import sys
from pathlib import Path

from honcho import manager
from honcho.compat import ProcessManager
from honcho.environ import parse_procfile

manager.KILL_WAIT = 20


class LeadersFirst(ProcessManager):
    """Asks only the first process of each group to end; the rest is its own affair until time is up."""

    def terminate(self, pid: int) -> None:
        # It may have ended by itself a moment ago.
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)


def main() -> int:
    together = manager.Manager()
    together._procmgr = LeadersFirst()
    for name, command in parse_procfile(Path("Procfile").read_text()).processes.items():
        together.add_process(name, command, env=dict(os.environ))
    together.loop()
    return int(together.returncode)


if __name__ == "__main__":
    sys.exit(main())
