"""Take the screenshots of the documentation, in headless Chromium: docs/images.

    uv run python -m tools.screenshots

The tests of the browser take them where they have what a picture shows; this runs those tests, and
keeps the pictures that pages show.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

ROOT: Final = Path(__file__).parents[1]
IMAGES: Final = ROOT / "docs" / "images"
SHOWN: Final = (
    "sandbox-1280-light.png",
    "sandbox-390-light.png",
    "sandbox-dashboard.png",
    "sandbox-declined.png",
    "sandbox-shop-form.png",
    "sandbox-shop-order.png",
    "sandbox-signup.png",
)
LARGEST: Final = 150_000
"""In bytes: a page with several is still quick to load."""
TESTS: Final = (
    "fits_and_can_be_read or shows_every_account or shows_the_plan or declined "
    "or (TestShop and (sells or asks_again))"
)


def taken(folder: Path) -> list[Path]:
    """Return the pictures that pages show, as the tests take them now, in *folder*."""
    words = (
        "-m",
        "pytest",
        "-q",
        "-n",
        "0",
        "-m",
        "",
        "tests/test_sandbox_browser.py",
        "-k",
        TESTS,
    )
    environment = {**os.environ, "SUBHUB_SCREENSHOTS": str(folder)}
    _ = subprocess.run([sys.executable, *words], cwd=ROOT, env=environment, check=True)
    return [folder / name for name in SHOWN]


def main() -> None:
    """Replace the pictures; each is small, or nothing is replaced."""
    with TemporaryDirectory() as name:
        pictures = taken(Path(name))
        large = [picture.name for picture in pictures if picture.stat().st_size > LARGEST]
        if large:
            raise SystemExit(f"larger than {LARGEST} bytes: {', '.join(large)}")
        for picture in pictures:
            _ = shutil.copy(picture, IMAGES)


if __name__ == "__main__":
    main()
