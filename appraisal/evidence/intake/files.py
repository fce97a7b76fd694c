"""From an uploaded file to a plain table file: what it is, unpacked within limits, in which encoding.

The name of a file is not believed; its bytes are. Memory stays bounded whatever the file holds.
"""

from __future__ import annotations

import codecs
import gzip
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO

from django.conf import settings

from appraisal.evidence.intake.errors import FileRefused

CHUNK = 1 << 20
MAX_LINE_BYTES = 1 << 20

# The first bytes of what people upload by mistake.
SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "PDF"),
    (b"\xd0\xcf\x11\xe0", "Microsoft Office 97–2003 (xls, doc)"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"Rar!", "RAR"),
    (b"7z\xbc\xaf", "7-Zip"),
    (b"\xfd7zXZ", "xz"),
    (b"BZh", "bzip2"),
    (b"\x28\xb5\x2f\xfd", "Zstandard"),
    (b"SQLite format 3", "SQLite"),
    (b"PAR1", "Parquet"),
    (b"\x7fELF", "ELF"),
)


class Form(StrEnum):
    TEXT = "text"
    WORKBOOK = "workbook"


@dataclass(frozen=True, kw_only=True)
class TableFile:
    """A readable table on disk; ``encoding`` is that of a text."""

    path: Path
    form: Form
    encoding: str = ""


def open_table(path: Path, *, folder: Path) -> TableFile:
    """Find out what a file is and unpack it into ``folder`` where needed. Raises FileRefused."""
    if not path.is_file():
        raise FileRefused("file_not_found")
    limit = _limit("INTAKE_MAX_FILE_BYTES", 2 << 30)
    if path.stat().st_size > limit:
        raise FileRefused("too_large", limit=limit)
    head = _head(path)
    if head.startswith(b"\x1f\x8b"):
        path = _gunzip(path, folder / "unpacked")
    elif zipfile.is_zipfile(path) and head.startswith(b"PK") and not _is_workbook(path):
        path = _unzip(path, folder / "unpacked")
    head = _head(path)
    if not head.strip(b"\xef\xbb\xbf \t\r\n"):
        raise FileRefused("empty_file")
    for signature, found in SIGNATURES:
        if head.startswith(signature):
            raise FileRefused("not_a_table", found=found)
    if head.startswith((b"\x1f\x8b", b"PK\x03\x04")):
        if head.startswith(b"PK") and _is_workbook(path):
            _check_workbook_size(path)
            return TableFile(path=path, form=Form.WORKBOOK)
        raise FileRefused("not_a_table", found="ZIP" if head.startswith(b"PK") else "GZIP")
    return TableFile(path=path, form=Form.TEXT, encoding=_encoding(path, head))


def _limit(setting: str, default: int) -> int:
    value: int = getattr(settings, setting, default)
    return value


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(8192)


def _is_workbook(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return "xl/workbook.xml" in archive.namelist()
    except (zipfile.BadZipFile, NotImplementedError, OSError):
        return False


def _copy(source: IO[bytes], target: Path) -> Path:
    """Unpack in pieces; a bomb is stopped at the limit whatever size its header claims."""
    limit = _limit("INTAKE_MAX_UNPACKED_BYTES", 8 << 30)
    written = 0
    with target.open("wb") as out:
        while piece := source.read(CHUNK):
            written += len(piece)
            if written > limit:
                raise FileRefused("unpacks_too_large", limit=limit)
            out.write(piece)
    return target


def _gunzip(path: Path, target: Path) -> Path:
    try:
        with gzip.open(path) as source:
            return _copy(source, target)  # type: ignore[arg-type]  # GzipFile reads like any binary file
    except (EOFError, OSError, zlib.error) as error:
        raise FileRefused("truncated", detail=str(error)) from error


def _unzip(path: Path, target: Path) -> Path:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [
                item
                for item in archive.infolist()
                if not item.is_dir()
                # What macOS and Windows add on their own is nobody's table.
                and not item.filename.startswith("__MACOSX/")
                and not item.filename.rsplit("/", 1)[-1].startswith(".")
                and item.filename.rsplit("/", 1)[-1] not in ("Thumbs.db", "desktop.ini")
            ]
            if not members:
                raise FileRefused("no_table_in_archive")
            if len(members) > 1:
                names = [item.filename for item in members]
                raise FileRefused("several_tables", names=", ".join(names[:10]) + (" …" if len(names) > 10 else ""))
            if members[0].flag_bits & 0x1:
                raise FileRefused("encrypted")
            with archive.open(members[0]) as source:
                return _copy(source, target)
    except (zipfile.BadZipFile, EOFError, OSError, zlib.error, NotImplementedError) as error:
        raise FileRefused("truncated", detail=str(error)) from error


def _check_workbook_size(path: Path) -> None:
    """Count what a workbook really unpacks to: its reader holds a sheet in memory."""
    limit = _limit("INTAKE_MAX_WORKBOOK_BYTES", 1 << 30)
    unpacked = 0
    try:
        with zipfile.ZipFile(path) as archive:
            for item in archive.infolist():
                with archive.open(item) as source:
                    while piece := source.read(CHUNK):
                        unpacked += len(piece)
                        if unpacked > limit:
                            raise FileRefused("unpacks_too_large", limit=limit)
    except (zipfile.BadZipFile, EOFError, OSError, zlib.error, NotImplementedError, RuntimeError) as error:
        raise FileRefused("broken_workbook", detail=str(error)) from error


def _encoding(path: Path, head: bytes) -> str:
    """Decide strictly: a mark decides, else valid UTF-8, else valid GB18030, else it is no text."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        _check(path, "utf-16")
        return "utf-16"
    if b"\0" in head and _mostly_binary(head):
        raise FileRefused("not_a_table", found="binary data")
    try:
        _check(path, "utf-8")
    except FileRefused as refusal:
        if refusal.code != "bad_encoding":
            raise
        _check(path, "gb18030")
        return "gb18030"
    return "utf-8-sig"


def _mostly_binary(head: bytes) -> bool:
    controls = sum(byte < 32 and byte not in b"\t\r\n" for byte in head)
    return controls * 50 > len(head)


def _check(path: Path, encoding: str) -> None:
    """Decode the whole file once, piece by piece, and look for lines no table has."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    position = since_newline = 0
    line = 1
    for piece in _pieces(path):
        try:
            decoder.decode(piece)
        except UnicodeDecodeError as error:
            raise FileRefused("bad_encoding", byte=position + error.start) from error
        position += len(piece)
        # Byte 0x0A is never part of a longer character, but in UTF-16, where it only ends a count early.
        first = piece.find(b"\n")
        if since_newline + (first if first >= 0 else len(piece)) > MAX_LINE_BYTES:
            raise FileRefused("line_too_long", line=line, limit=MAX_LINE_BYTES)
        if first < 0:
            since_newline += len(piece)
        else:
            line += piece.count(b"\n")
            since_newline = len(piece) - piece.rfind(b"\n") - 1
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise FileRefused("bad_encoding", byte=position) from error


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(CHUNK):
            yield piece
