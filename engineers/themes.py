"""Light, dark, or as the device has it: chosen in a browser, for that browser."""

from __future__ import annotations

from django.db.models import TextChoices
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

COOKIE = "theme"


class Theme(TextChoices):
    AUTO = "auto", _("as the device")
    LIGHT = "light", _("light")
    DARK = "dark", _("dark")

    @property
    def sign(self) -> str:
        return {Theme.AUTO: "◐", Theme.LIGHT: "☀", Theme.DARK: "☾"}[self]

    @property
    def following(self) -> Theme:
        """The look that one press of the button leads to."""
        looks = list(Theme)
        return looks[(looks.index(self) + 1) % len(looks)]


def look(request: HttpRequest) -> dict[str, object]:
    """Context processor: the look of this browser, and the next one."""
    chosen = request.COOKIES.get(COOKIE, "")
    theme = Theme(chosen) if chosen in Theme.values else Theme.AUTO
    return {"theme": theme, "next_theme": theme.following}
