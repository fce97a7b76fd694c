"""When an entry of the work log was written, whatever two clocks say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from appraisal.evidence.worklogs import moment_of

START = datetime(2026, 3, 3, tzinfo=UTC)
moments = st.datetimes(datetime(2026, 2, 20), datetime(2026, 3, 25), timezones=st.just(UTC))


@given(device_at=st.none() | moments, received_at=moments.filter(lambda moment: moment >= START))
def test_an_entry_is_never_dated_before_its_day_nor_after_its_arrival(
    device_at: datetime | None, received_at: datetime
) -> None:
    moment, by_device = moment_of(day_start=START, device_at=device_at, received_at=received_at)
    assert START <= moment <= received_at
    assert moment == (device_at if by_device else received_at)
    if by_device:
        assert timedelta(minutes=5) < received_at - moment <= timedelta(days=7)


@given(
    sent_after=st.timedeltas(timedelta(minutes=6), timedelta(days=7)), written=st.timedeltas(timedelta(), timedelta(1))
)
def test_a_right_clock_is_believed_whenever_the_entry_arrives_within_a_week(
    sent_after: timedelta, written: timedelta
) -> None:
    device_at = START + written
    found = moment_of(day_start=START, device_at=device_at, received_at=device_at + sent_after)
    assert found == (device_at, True)
