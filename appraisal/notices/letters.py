"""The words of e-mails and of chat messages, in the language at hand."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from appraisal.notices.models import Notice
from appraisal.notices.queries import describe


def write_letter(notices: Sequence[Notice]) -> tuple[str, str]:
    """Return subject and text of one e-mail for one person."""
    views = describe(notices)
    if len(views) == 1:
        subject = views[0].label
    else:
        subject = ngettext("%(number)s notice", "%(number)s notices", len(views)) % {"number": len(views)}
    blocks = ["\n".join(line for line in (view.text or view.label, address(view.path)) if line) for view in views]
    blocks.append(_("Choose what you get by e-mail: %(address)s") % {"address": address(reverse("notice_settings"))})
    # A line break would end the header; labels come from the code, but so may a mistake.
    return f"[{_('Engineer appraisal')}] {' '.join(subject.split())}", "\n\n".join(blocks) + "\n"


def write_chat(people: Sequence[tuple[str, int]]) -> tuple[str, str]:
    """Return title and text of a chat message. Others read it too, so it tells how many, never what."""
    names = ", ".join(f"{name} ({number})" for name, number in people)
    text = _("New notices in the portal for: %(names)s") % {"names": names}
    return _("Engineer appraisal"), f"{text}\n{address(reverse('notice_list'))}"


def address(path: str) -> str:
    """Return the full address of a page of the portal."""
    return f"{settings.PORTAL_URL}{path}" if path else ""
