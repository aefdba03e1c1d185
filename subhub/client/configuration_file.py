"""The file of the configuration: where it is, and what it holds as TOML."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any, Final

from subhub.client.text_files import NotText, read_text
from subhub.errors import ConfigError

FILE_NAME: Final = "subhub.toml"


def locate(path: str | os.PathLike[str] | None) -> Path | None:
    """Return the file at *path*, else that of `SUBHUB_CONFIG`, else the nearest one upwards."""
    named = path or os.environ.get("SUBHUB_CONFIG")
    if named:
        return Path(named)
    try:
        here = Path.cwd()
    except OSError as error:  # it was removed, or may not be read
        message = f"cannot look for {FILE_NAME} in the working folder ({error.strerror})"
        raise ConfigError(f"{message}: name the file in `SUBHUB_CONFIG`") from error
    places = (folder / FILE_NAME for folder in (here, *here.parents))
    return next((place for place in places if place.is_file()), None)


def parsed(path: Path | None) -> dict[str, Any]:
    """Return what the file at *path* holds, which is nothing if there is no file."""
    if path is None:
        return {}
    try:
        return tomllib.loads(read_text(path))
    except OSError as error:
        message = f"{path} cannot be read ({error.strerror}): write one with `subhub init`"
        raise ConfigError(message) from error
    except NotText as error:
        message = f"{path} {error}"
        raise ConfigError(message) from error
    except RecursionError:
        problem = "it is nested too deeply"
    except ValueError as error:  # it holds the file, and so the keys
        problem = str(error)
    message = f"{path} is not TOML: {problem}"
    raise ConfigError(message)
