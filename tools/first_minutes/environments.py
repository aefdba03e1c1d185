"""Empty environments into which the wheels of this checkout are installed."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
FOLDERS: Final = (ROOT, *sorted((ROOT / "providers").iterdir()))
FIRST: Final = '"subhub-billing[cli,sandbox]" subhub-mijnklantportaal subhub-afternoon'
"""What README's first command installs."""


def run(*command: object) -> None:
    """Run a program; what it prints is shown only if it fails."""
    words = [str(word) for word in command]
    ran = subprocess.run(words, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise RuntimeError(f"{' '.join(words)} failed:\n{ran.stdout}{ran.stderr}")


def build(folder: Path) -> Path:
    """Build the wheel of each distribution into *folder*."""
    for project in FOLDERS:
        run(os.environ.get("UV", "uv"), "build", "--quiet", "--wheel", "--out-dir", folder, project)
    return folder


@dataclass(frozen=True)
class Environment:
    """An environment at *folder*, with packages from the folder *wheels* or the index.

    Args:
        folder: Where it is created.
        wheels: Where the wheels of this checkout are.
        python: Its interpreter, or the version of one: "3.13".
        constraints: A file that bounds the releases that are installed.
    """

    folder: Path
    wheels: Path
    python: str = sys.executable
    constraints: Path | None = None

    @property
    def scripts(self) -> Path:
        """The folder of its programs."""
        return self.folder / "bin"

    def create(self) -> Environment:
        """Create it, empty but for pip; return itself."""
        seeded = ("venv", "--quiet", "--seed", "--no-python-downloads", "--python", self.python)
        run(os.environ.get("UV", "uv"), *seeded, self.folder)
        return self

    def install(self, words: str) -> None:
        """Install what is written after `pip install`."""
        bound = ("--constraint", self.constraints) if self.constraints else ()
        wanted = [word.strip('"') for word in words.split()]
        run(self.scripts / "pip", "install", "--find-links", self.wheels, *bound, *wanted)

    def version(self) -> str:
        """Return the version of its Python."""
        asked = (self.scripts / "python", "-c", "import platform; print(platform.python_version())")
        return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
