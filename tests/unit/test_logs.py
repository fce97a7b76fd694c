"""What the log tells: of the tasks that come and go every few seconds only what goes wrong."""

from __future__ import annotations

import logging
import logging.config

import pytest
from django.conf import settings


@pytest.mark.parametrize(
    "name", ["celery.beat", "celery.app.trace", "celery.worker.strategy", "django_celery_beat.schedulers"]
)
def test_background_work_is_quiet_until_something_goes_wrong(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    logging.config.dictConfig(settings.LOGGING)
    logger = logging.getLogger(name)
    logger.info("Scheduler: Sending due task")
    logger.error("Task failed")
    told = capsys.readouterr().err
    assert "Sending due task" not in told
    assert "Task failed" in told
