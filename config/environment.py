"""Every setting that comes from the environment, read in this one place.

deploy/environment.md lists them for operators; a test may compare the two through ``NAMES``.
"""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.exceptions import ImproperlyConfigured

NAMES = (
    "ALLOWED_HOSTS",
    "CACHE_URL",
    "CHAT_CHANNELS",
    "DATABASE_URL",
    "DEBUG",
    "DEMO",
    "EMAIL_FROM",
    "EMAIL_HOST",
    "EMAIL_PASSWORD",
    "EMAIL_PORT",
    "EMAIL_USER",
    "LOG_FORMAT",
    "LOG_LEVEL",
    "NOTICE_DIGEST_HOUR",
    "ORGANISATION_TIME_ZONE",
    "PORT",
    "PORTAL_URL",
    "REDIS_URL",
    "SCORING_CHUNK_SIZE",
    "SECRET_KEY",
    "TRUST_PROXY_HEADERS",
    "VAR_DIR",
)
LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "[::1]")
POSTGRES_SCHEMES = ("postgres", "postgresql")
REDIS_SCHEMES = ("redis", "rediss", "unix")


@dataclass(frozen=True, kw_only=True)
class Environment:
    """The settings of one process, checked."""

    demo: bool
    debug: bool
    var_dir: Path
    secret_key: str
    allowed_hosts: tuple[str, ...]
    database_url: str | None
    redis_url: str | None
    cache_url: str | None
    time_zone: str
    scoring_chunk_size: int
    trust_proxy_headers: bool
    log_level: str
    log_format: str
    email_host: str | None
    email_port: int
    email_user: str
    email_password: str
    email_from: str
    portal_url: str
    notice_digest_hour: int
    chat_channels: tuple[str, ...] = field(repr=False)


def load(base_dir: Path) -> Environment:
    """Return the settings of this process, or end it with one sentence that says what is wrong."""
    try:
        return read(os.environ, base_dir=base_dir)
    except ImproperlyConfigured as error:
        # A sentence, not a traceback: whoever starts the portal has to act on it.
        raise SystemExit(f"The portal does not start: {error}") from None


def read(environ: Mapping[str, str], *, base_dir: Path) -> Environment:
    """Check the environment.

    Raises ImproperlyConfigured naming the setting that is missing or wrong.
    """
    values = {name: environ.get(name, "").strip() for name in NAMES}
    database_url = values["DATABASE_URL"] or None
    demo = _flag(values, "DEMO", default=database_url is None)
    var_dir = Path(values["VAR_DIR"] or base_dir / "var").absolute()
    hosts = tuple(host.strip() for host in values["ALLOWED_HOSTS"].split(",") if host.strip())

    if not demo:
        missing = [name for name in ("SECRET_KEY", "ALLOWED_HOSTS") if not values[name]]
        if missing:
            raise ImproperlyConfigured(
                f"{' and '.join(missing)} must be set outside the demonstration mode "
                "(deploy/environment.md explains each setting; DEMO=1 is the demonstration mode)."
            )
    debug = _flag(values, "DEBUG", default=False)
    if debug and not demo:
        raise ImproperlyConfigured("DEBUG is only allowed in the demonstration mode.")
    if database_url:
        database(database_url)
    for name in ("REDIS_URL", "CACHE_URL"):
        if values[name] and urlsplit(values[name]).scheme not in REDIS_SCHEMES:
            raise ImproperlyConfigured(f"{name} must start with redis://, rediss:// or unix://.")

    return Environment(
        demo=demo,
        debug=debug,
        var_dir=var_dir,
        secret_key=values["SECRET_KEY"] or _generated_secret(var_dir / "secret_key"),
        allowed_hosts=hosts or LOOPBACK_HOSTS,
        database_url=database_url,
        redis_url=values["REDIS_URL"] or None,
        cache_url=values["CACHE_URL"] or values["REDIS_URL"] or None,
        time_zone=_time_zone(values["ORGANISATION_TIME_ZONE"] or "Asia/Shanghai"),
        # On SQLite a part keeps all other writers waiting, so it has to be small.
        scoring_chunk_size=_count(values, "SCORING_CHUNK_SIZE", default=1000 if database_url else 25),
        trust_proxy_headers=_flag(values, "TRUST_PROXY_HEADERS", default=False),
        log_level=_choice(values, "LOG_LEVEL", ("INFO", "DEBUG", "WARNING", "ERROR")),
        log_format=_choice(values, "LOG_FORMAT", ("text", "json")),
        email_host=values["EMAIL_HOST"] or None,
        email_port=_port(values, "EMAIL_PORT", default=587),
        email_user=values["EMAIL_USER"],
        email_password=values["EMAIL_PASSWORD"],
        email_from=values["EMAIL_FROM"] or "portal@localhost",
        portal_url=_portal_url(values, hosts, demo=demo),
        notice_digest_hour=_hour(values, "NOTICE_DIGEST_HOUR", default=8),
        chat_channels=_chat_channels(values["CHAT_CHANNELS"]),
    )


def database(url: str) -> dict[str, Any]:
    """Return Django's settings of the PostgreSQL database behind ``url``.

    What follows the question mark goes to the driver (``sslmode=require``); ``host`` there names the
    folder of a Unix socket.
    """
    parts = urlsplit(url)
    if parts.scheme not in POSTGRES_SCHEMES:
        raise ImproperlyConfigured(
            "DATABASE_URL must look like postgres://user:password@host:5432/name "
            "(leave it out to use the embedded SQLite database)."
        )
    name = unquote(parts.path.removeprefix("/"))
    if not name:
        raise ImproperlyConfigured("DATABASE_URL names no database: its path is empty.")
    try:
        port = parts.port
    except ValueError:
        raise ImproperlyConfigured("DATABASE_URL holds a port that is not a number.") from None
    options: dict[str, Any] = dict(parse_qsl(parts.query))
    host = options.pop("host", "") or unquote(parts.hostname or "")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(port or ""),
        "OPTIONS": options,
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


def _flag(values: Mapping[str, str], name: str, *, default: bool) -> bool:
    match values[name].lower():
        case "":
            return default
        case "1" | "true" | "yes" | "on":
            return True
        case "0" | "false" | "no" | "off":
            return False
    raise ImproperlyConfigured(f"{name} must be 1 or 0, not {values[name]!r}.")


def _choice(values: Mapping[str, str], name: str, allowed: tuple[str, ...]) -> str:
    """Return the value of a setting with few allowed values; the first is the default."""
    value = values[name] or allowed[0]
    if value not in allowed:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(allowed)}, not {value!r}.")
    return value


def _count(values: Mapping[str, str], name: str, *, default: int) -> int:
    value = values[name] or str(default)
    if not value.isdecimal() or int(value) < 1:
        raise ImproperlyConfigured(f"{name} must be a whole number from 1 on, not {value!r}.")
    return int(value)


def _port(values: Mapping[str, str], name: str, *, default: int) -> int:
    value = values[name] or str(default)
    if not value.isdecimal() or not 0 < int(value) < 65536:
        raise ImproperlyConfigured(f"{name} must be a port number, not {value!r}.")
    return int(value)


def _hour(values: Mapping[str, str], name: str, *, default: int) -> int:
    value = values[name] or str(default)
    if not value.isdecimal() or int(value) > 23:
        raise ImproperlyConfigured(f"{name} must be an hour from 0 to 23, not {value!r}.")
    return int(value)


def _portal_url(values: Mapping[str, str], hosts: tuple[str, ...], *, demo: bool) -> str:
    """Return where the portal is reached, without a slash at the end."""
    url = values["PORTAL_URL"].rstrip("/")
    if not url:
        named = next((host for host in hosts if not host.startswith(("*", "."))), "localhost")
        return f"http://127.0.0.1:{_port(values, 'PORT', default=8000)}" if demo else f"https://{named}"
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc:
        raise ImproperlyConfigured(f"PORTAL_URL must look like https://portal.example.org, not {url!r}.")
    return url


def _chat_channels(text: str) -> tuple[str, ...]:
    """Return the addresses of chat robots. They are secrets, so none is shown in the message."""
    channels = tuple(text.split())
    for number, channel in enumerate(channels, start=1):
        if not urlsplit(channel).scheme or "://" not in channel:
            raise ImproperlyConfigured(
                f"CHAT_CHANNELS: address {number} does not look like dingtalk://token (blanks between addresses)."
            )
    return channels


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ImproperlyConfigured(
            f"ORGANISATION_TIME_ZONE must be a name like Asia/Shanghai, not {name!r}."
        ) from None
    return name


def _generated_secret(path: Path) -> str:
    """Return the secret in ``path``, made at the first call. Processes that start at once agree on one."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(50))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass  # another process was first; its secret is read below
        finally:
            draft.unlink()
    return path.read_text()
