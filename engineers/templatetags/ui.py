"""Small filters every room's pages share."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from urllib.parse import urlencode

from django import forms, template
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import slugify
from django.utils.timezone import localdate, localtime, now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from engineers.clock import reader_time
from engineers.kept import LONGEST_TEXT, Kept, take

register = template.Library()

NOTHING = "–"
_CENT = Decimal("0.01")
_TENTH = Decimal("0.1")
_MINUTES_OF_A_WEEK = 7 * 24 * 60


@register.filter
def figure(value: Decimal | int | None) -> str:
    """Write a figure for people: two decimals, half up, thousands apart; a dash for "not measurable"."""
    if value is None:
        return NOTHING
    return f"{Decimal(value).quantize(_CENT, rounding=ROUND_HALF_UP):,}"


@register.filter
def amount(value: Decimal | int | None) -> str:
    """Write a number with as few decimals as it has, at most two."""
    if value is None:
        return NOTHING
    text = f"{Decimal(value).quantize(_CENT, rounding=ROUND_HALF_UP):,}"
    return text.rstrip("0").rstrip(".")


@register.filter
def rounded(value: Decimal | None) -> str:
    """Write points where there is room for little: at most one decimal, half up."""
    if value is None:
        return NOTHING
    text = f"{value.quantize(_TENTH, rounding=ROUND_HALF_UP):f}"
    return text.removesuffix(".0")


@register.filter
def magnitude(value: Decimal) -> Decimal:
    """Return a change without its sign, for where words say which way it went."""
    return abs(value)


@register.filter
def cell(value: object) -> str:
    """Write what stands in a cell of a table: figures as everywhere, counts plain, a dash for nothing."""
    if value is None or isinstance(value, Decimal):
        return figure(value)
    return str(value)


@register.filter
def styled(field: forms.BoundField, css: str = "") -> SafeString:
    """Render a form field's control in the look of the house, tied to its help and its errors."""
    widget = field.field.widget
    match widget:
        case forms.CheckboxInput():
            look = "form-check-input"
        case forms.Select():
            look = "form-select"
        case forms.RadioSelect() | forms.CheckboxSelectMultiple():
            look = ""
        case _:
            look = "form-control"
    classes = " ".join(part for part in (look, css, "is-invalid" if field.errors else "") if part)
    described = [f"{field.auto_id}_errors"] if field.errors else []
    described += [f"{field.auto_id}_help"] if field.help_text else []
    attrs: dict[str, str | bool] = {"class": classes} if classes else {}
    if described:
        attrs["aria-describedby"] = " ".join(described)
    if field.errors:
        attrs["aria-invalid"] = "true"
    return field.as_widget(attrs=attrs)


@register.filter
def is_checkbox(field: forms.BoundField) -> bool:
    return isinstance(field.field.widget, forms.CheckboxInput)


@register.filter
def is_person(field: forms.BoundField) -> bool:
    """Tell whether a field names a person, so that its script is loaded."""
    return "data-people" in field.field.widget.attrs


@register.filter
def moment(value: datetime | None) -> str | SafeString:
    """Write an instant in the reader's time, machine-readable underneath."""
    if value is None:
        return NOTHING
    return format_html('<time datetime="{}">{}</time>', localtime(value).isoformat(), reader_time(value))


@register.filter
def day(value: datetime) -> SafeString:
    """Write the day of an instant in the reader's time."""
    local = localdate(value)
    return format_html('<time datetime="{}">{}</time>', local.isoformat(), local.isoformat())


@register.filter
def ago(value: datetime | None) -> str | SafeString:
    """Write how long ago an instant was, in words, with the exact time underneath; that alone after a week."""
    if value is None:
        return NOTHING
    minutes = int((now() - value).total_seconds() // 60)
    if not 0 <= minutes < _MINUTES_OF_A_WEEK:
        return moment(value)
    if minutes < 60:
        words = ngettext("%(number)d minute ago", "%(number)d minutes ago", minutes) % {"number": minutes}
    elif (hours := minutes // 60) < 24:
        words = ngettext("%(number)d hour ago", "%(number)d hours ago", hours) % {"number": hours}
    else:
        days = hours // 24
        words = ngettext("%(number)d day ago", "%(number)d days ago", days) % {"number": days}
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        localtime(value).isoformat(),
        reader_time(value),
        words if minutes else _("just now"),
    )


@register.simple_tag(takes_context=True)
def address_with(context: dict[str, Any], **changes: Any) -> str:
    """Return the page's own address with some of its query changed; None takes a part out.

    A list that answers for the forms of its rows says in ``list_address`` where it stands itself.
    """
    request: HttpRequest = context["request"]
    query = request.GET.copy()
    for name, value in changes.items():
        query.pop(name, None)
        if value not in (None, ""):
            query[name] = str(value)
    address: str = context.get("list_address", "")
    return f"{address}?{urlencode(sorted(query.items()))}" if query else address or request.path


@register.simple_tag
def options(choices: Iterable[tuple[Any, str]], chosen: Any) -> SafeString:
    """Return the options of a long choice; a loop of the template takes ten times as long."""
    return format_html_join(
        "",
        '<option value="{}"{}>{}</option>',
        ((value, SafeString(" selected") if value == chosen else "", label) for value, label in choices),
    )


@register.simple_tag(takes_context=True)
def kept(context: dict[str, Any], address: str, part: str = "") -> Kept | None:
    """Return what was typed into the form sent to an address, if it was refused just now."""
    return take(context["request"], address, part)


@register.inclusion_tag("components/_reason.html", takes_context=True)
def reason(
    context: dict[str, Any],
    address: str,
    label: str,
    *,
    part: str = "",
    name: str = "reason",
    text: str = "",
    most: int = LONGEST_TEXT,
    required: bool = False,
    small: bool = False,
) -> dict[str, Any]:
    """Write the field for the text that a small form sent to ``address`` asks for; refused, it stands there again."""
    again = take(context["request"], address, part)
    return {
        "id": slugify(f"{name}-{address}-{part}"),
        "label": label,
        "name": name,
        "text": again.texts.get(name, "") if again else text,
        "error": again.error if again else "",
        "most": most,
        "required": required,
        "small": small,
    }


@register.filter
def item(mapping: dict[str, Any], key: str) -> Any:
    return mapping.get(key, "")


@register.filter
def duration(microseconds: int | None) -> str:
    """Write a duration as hours and minutes, or minutes and seconds below an hour."""
    if microseconds is None:
        return NOTHING
    seconds = microseconds // 1_000_000
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    if hours:
        return _("%(hours)s h %(minutes)s min") % {"hours": hours, "minutes": f"{minutes:02}"}
    return _("%(minutes)s min %(seconds)s s") % {"minutes": minutes, "seconds": f"{seconds:02}"}


@register.filter
def yes_no(value: bool | None) -> str:
    """Write a verdict as a word; a dash where nothing is decided."""
    if value is None:
        return NOTHING
    return _("yes") if value else _("no")


@register.filter
def stars(hundredths: int | None) -> str:
    """Write a stored survey score as it was given."""
    return NOTHING if hundredths is None else amount(Decimal(hundredths) / 100)
