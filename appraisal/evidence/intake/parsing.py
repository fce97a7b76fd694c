"""Columns of text to typed columns; what does not fit gets a reason, never a guess."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from appraisal.evidence.intake.errors import RejectReason
from appraisal.evidence.intake.fields import NUMBERS, PLACES, FieldType, TargetField
from appraisal.evidence.intake.presets import FieldMap, Parser, Preset

INSTANT = pl.Datetime("us")  # always UTC, without saying so, as the database wants it
EARLIEST = datetime(1970, 1, 1)  # noqa: DTZ001
LATEST = datetime(2101, 1, 1)  # noqa: DTZ001
EARLIEST_DAY, LATEST_DAY = date(1900, 1, 1), date(2100, 12, 31)

# Typed cells of a workbook are dates already; ``tables`` writes them like this.
TYPED_DATETIMES = ("%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d")

STORED_AS: dict[FieldType, pl.DataType] = {
    FieldType.TEXT: pl.String(),
    FieldType.SLUG: pl.String(),
    FieldType.CHOICE: pl.String(),
    FieldType.INSTANT: INSTANT,
    FieldType.DATE: pl.Date(),
    FieldType.INTEGER: pl.Int64(),
    FieldType.HUNDREDTHS: pl.Int64(),
    FieldType.MILLIONTHS: pl.Int64(),
    FieldType.BOOLEAN: pl.Boolean(),
}


@dataclass(frozen=True)
class Reading:
    """How this file is to be read: the preset's forms, the zone of its times, whether cells are typed."""

    preset: Preset
    zone: ZoneInfo
    typed: bool = False

    def formats(self, parser: Parser) -> tuple[str, ...]:
        given = self.preset.date_formats if parser is Parser.DATE else self.preset.datetime_formats
        return tuple(dict.fromkeys((*given, *TYPED_DATETIMES))) if self.typed else given


@dataclass(frozen=True)
class Parsed:
    """Values and, for each, why it may not be stored (null: it may); ``problems`` is None when all may."""

    values: pl.Series
    problems: pl.Series | None


def parse(raw: pl.Series, item: FieldMap, target: TargetField, reading: Reading) -> Parsed:
    """Read one field from a column of text; null is an empty cell."""
    values, fault = typed(raw, item, target, reading)
    checks: list[tuple[pl.Series, RejectReason]] = []
    if fault is not None:
        checks.append((raw.is_not_null() & values.is_null(), fault))
    checks += _limits(values, target)
    if item.at_most is not None:
        values = values.clip(upper_bound=item.at_most)
    if item.default is not None:
        values = values.fill_null(item.default)
    if target.empty is not None:
        values = values.fill_null(target.empty)
    if target.required:
        checks.append((values.is_null(), RejectReason.MISSING_REQUIRED))
    return Parsed(values.cast(STORED_AS[target.type]), _problems(checks, len(raw)))


def instants(raw: pl.Series, formats: Sequence[str], zone: ZoneInfo) -> pl.Series:
    """Read points in time in one of the stated forms; null where none fits. Without offset they are local."""
    found = pl.Series(raw.name, [None], dtype=INSTANT).new_from_index(0, len(raw))
    for form in formats:
        left = raw if found.null_count() == len(found) else pl.select(pl.when(found.is_null()).then(raw)).to_series()
        if left.null_count() == len(left):
            break
        read = left.str.to_datetime(form, strict=False, time_unit="us")
        dtype = read.dtype
        if isinstance(dtype, pl.Datetime) and dtype.time_zone:
            read = read.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
        else:
            read = _to_utc(read, zone)
        found = found.zip_with(found.is_not_null(), read)
    return found


def days(raw: pl.Series, formats: Sequence[str]) -> pl.Series:
    """Read days in one of the stated forms; null where none fits."""
    found = pl.Series(raw.name, [None], dtype=pl.Date).new_from_index(0, len(raw))
    for form in formats:
        left = pl.select(pl.when(found.is_null()).then(raw)).to_series()
        if left.null_count() == len(left):
            break
        found = found.zip_with(found.is_not_null(), left.str.to_date(form, strict=False))
    return found


def _to_utc(local: pl.Series, zone: ZoneInfo) -> pl.Series:
    """Turn local times into UTC.

    An hour that the clock showed twice is read as its first pass; one that it skipped is read with the offset
    before the jump, that is, moved forward by it. Both keep the order of events and lose no row, and both are
    what the systems that write such files mean by them.
    """
    utc = (
        local.dt.replace_time_zone(zone.key, ambiguous="earliest", non_existent="null")
        .dt.convert_time_zone("UTC")
        .dt.replace_time_zone(None)
    )
    skipped = local.is_not_null() & utc.is_null()
    if skipped.any():
        moved = [
            item.replace(tzinfo=zone).astimezone(UTC).replace(tzinfo=None) for item in local.filter(skipped).to_list()
        ]
        utc = utc.scatter(skipped.arg_true(), moved)
    return utc


def typed(
    raw: pl.Series, item: FieldMap, target: TargetField, reading: Reading
) -> tuple[pl.Series, RejectReason | None]:
    """Return the values of a column as its parser reads them, and why a value may be missing from it."""
    match item.parser:
        case Parser.TEXT:
            return raw, None
        case Parser.DATE if target.type is FieldType.DATE:
            return days(raw, reading.formats(item.parser)), RejectReason.BAD_DATE
        case Parser.DATETIME | Parser.DATE:
            values = instants(raw, reading.formats(item.parser), reading.zone)
            return values, RejectReason.BAD_DATETIME
        case Parser.INTEGER:
            whole = raw.str.contains(r"^[+-]?\d{1,18}(\.0+)?$")
            return _where(whole, raw.str.replace(r"\.0+$", "").cast(pl.Int64, strict=False)), RejectReason.BAD_NUMBER
        case Parser.DECIMAL:
            return _decimal(raw, PLACES[target.type]), RejectReason.BAD_NUMBER
        case Parser.BOOLEAN:
            words = dict.fromkeys(item.true_words, True) | dict.fromkeys(item.false_words, False)
            values = raw.str.to_lowercase().replace_strict(words, default=None, return_dtype=pl.Boolean)
            return values, RejectReason.BAD_BOOLEAN
        case Parser.CHOICE:
            kind = pl.Int64 if any(isinstance(value, int) for value in item.choices.values()) else pl.String
            values = raw.replace_strict(dict(item.choices), default=None, return_dtype=kind)
            return values, RejectReason.BAD_CHOICE


def _decimal(raw: pl.Series, places: int) -> pl.Series:
    """Read a decimal number as whole hundredths, millionths …, rounded once, half up; nothing binary is involved."""
    parts = raw.str.extract_groups(r"^([+-]?)(\d{1,12})(?:\.(\d{0,20}))?$").struct.unnest()
    sign, whole, fraction = parts.get_columns()
    digits = fraction.fill_null("").str.pad_end(places + 1, "0").str.slice(0, places + 1)
    amount = whole.cast(pl.Int64) * 10**places + (digits.cast(pl.Int64, strict=False) + 5) // 10
    return pl.select(pl.when(sign == "-").then(-amount).otherwise(amount)).to_series()


def _limits(values: pl.Series, target: TargetField) -> list[tuple[pl.Series, RejectReason]]:
    match target.type:
        case FieldType.TEXT:
            checks = [(values.str.contains("\0", literal=True), RejectReason.NUL_CHARACTER)]
            if target.longest is not None:
                checks.append((values.str.len_chars() > target.longest, RejectReason.TOO_LONG))
            return checks
        case FieldType.SLUG:
            odd = ~values.str.contains(r"^[-a-zA-Z0-9_]+$")
            return [(odd, RejectReason.BAD_CODE), (values.str.len_chars() > target.longest, RejectReason.TOO_LONG)]
        case kind if kind in NUMBERS:
            checks = [((values < target.lowest) | (values > target.highest), RejectReason.OUT_OF_RANGE)]
            if target.choices:
                checks.append((~values.is_in(list(target.choices)), RejectReason.BAD_CHOICE))
            return checks
        case FieldType.DATE:
            return [((values < EARLIEST_DAY) | (values > LATEST_DAY), RejectReason.OUT_OF_RANGE)]
        case FieldType.INSTANT:
            return [((values < EARLIEST) | (values >= LATEST), RejectReason.OUT_OF_RANGE)]
        case _:
            return []


def _where(condition: pl.Series, values: pl.Series) -> pl.Series:
    return pl.select(pl.when(condition).then(values)).to_series()


def _problems(checks: list[tuple[pl.Series, RejectReason]], height: int) -> pl.Series | None:
    found = [(mask, reason) for mask, reason in checks if mask.any()]
    if not found:
        return None
    reasons = pl.Series([None], dtype=pl.String).new_from_index(0, height)
    for mask, reason in found:
        reasons = pl.select(pl.coalesce(reasons, pl.when(mask).then(pl.lit(reason.value)))).to_series()
    return reasons


def add_minutes(values: pl.Series, minutes: int) -> pl.Series:
    return values + timedelta(minutes=minutes)
