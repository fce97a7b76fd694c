"""Takes the pictures of the guide: ``make pictures``, or ``python -m tests.guide.take [NAME…]`` for some of them.

A demonstration of its own runs in a private folder, on a free port and by a clock that always shows the same time,
so that a picture changes only when the portal does.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from tests.conftest import ROOT, VAR_DIR, pytest_unconfigure
from tests.e2e.conftest import CHROMIUM_ARGUMENTS, Site
from tests.e2e.places import places
from tests.guide.camera import LOCALES, Camera
from tests.guide.shots import SHOTS
from tests.portals import Portal
from tests.services import find_chromium

NOW = "2026-11-12T10:00:00+08:00"
PICTURES = ROOT / "static" / "guide"
COLOURS = 128
HEAVIEST, HEAVIEST_TOGETHER = 150_000, 4_000_000


def main(names: list[str]) -> int:
    chromium = find_chromium()
    if chromium.path is None:
        print(f"pictures: Chromium is missing: {chromium.detail}", file=sys.stderr)
        return 1
    portal = Portal(VAR_DIR / "demonstration", at=NOW)
    try:
        address = start_demonstration(portal)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium.path, args=CHROMIUM_ARGUMENTS)
            site = Site(portal, address, browser)
            for language in LOCALES:
                take_all(Camera(browser, address, language, places(site)), language, names)
            browser.close()
    finally:
        portal.stop()
        pytest_unconfigure()
    return too_heavy()


def start_demonstration(portal: Portal) -> str:
    print("pictures: building the demonstration")
    portal.manage("migrate", "--verbosity", "0")
    portal.manage("collectstatic", "--no-input", "--verbosity", "0")
    portal.manage("seed_demo")
    return portal.start_web()


def take_all(camera: Camera, language: str, names: list[str]) -> None:
    folder = PICTURES / language
    folder.mkdir(parents=True, exist_ok=True)
    wanted = [shot for shot in SHOTS if shot.name in names or not names]
    for shot in wanted:
        path = folder / f"{shot.name}.png"
        path.write_bytes(reduced(camera.take(shot)))
        print(f"pictures: {path.relative_to(ROOT)} {path.stat().st_size // 1000} kB", flush=True)
    if not names:
        for path in folder.glob("*.png"):
            if path.stem not in {shot.name for shot in SHOTS}:
                path.unlink()


def reduced(png: bytes) -> bytes:
    """Return the picture with a palette: a third of the size, and no difference to see in flat colours."""
    with Image.open(io.BytesIO(png)) as picture:
        flat = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    out = io.BytesIO()
    flat.save(out, "PNG", optimize=True)
    return out.getvalue()


def too_heavy() -> int:
    sizes: dict[Path, int] = {path: path.stat().st_size for path in PICTURES.glob("*/*.png")}
    heavy = [path.name for path, size in sizes.items() if size > HEAVIEST]
    print(f"pictures: {len(sizes)}, {sum(sizes.values()) / 1e6:.1f} MB")
    if heavy or sum(sizes.values()) > HEAVIEST_TOGETHER:
        print(f"pictures: too heavy: {heavy or 'all together'}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
