"""A sandbox that is served in the folder of a configuration: commands of that folder use it.

The server writes its address into `.subhub/`, and holds a lock for as long as it lives: that of one
that was killed is released by the system, so commands go back to their own sandbox.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from subhub.cli.kept_sandbox import FOLDER, make_folder
from subhub.messages import is_object
from subhub.system import atomic_files
from subhub.system.file_locks import acquire, is_held

if TYPE_CHECKING:
    from subhub.client.configuration import Configuration

_PLACE: Final = "served.json"
_LOCK: Final = "served.lock"


@contextmanager
def announced(
    folder: Path, address: str, accounts: Iterable[str], note: Callable[[str], None]
) -> Generator[None]:
    """Let the commands of *folder* use the server at *address* during the block.

    Args:
        folder: That of the configuration that is served.
        address: That of the server on this machine.
        accounts: Those that it serves, such as "afternoon/main".
        note: Takes a remark for the user.
    """
    home = folder / FOLDER
    try:
        make_folder(home)
        lock = acquire(home / _LOCK)
        if lock is None:
            note(f"commands in {folder} use another server, which was started before")
        else:
            text = json.dumps({"address": address, "accounts": list(accounts)})
            atomic_files.replace(home / _PLACE, text, private=True)
    except OSError as error:
        lock = None
        note(f"commands in {folder} cannot use this server: {home} cannot be written ({error})")
    try:
        yield
    finally:
        if lock is not None:
            # in this order: without the lock, the file may be that of another server
            (home / _PLACE).unlink(missing_ok=True)
            lock.remove()


def joined(configuration: Configuration) -> Configuration:
    """Return *configuration* with the served sandbox in place of the account's own, if one runs."""
    name = configuration.choose()
    account = configuration.settings.accounts[name]
    address = _address(configuration.folder / FOLDER, f"{account.provider}/{name}")
    if account.sandbox is not True or not address:
        return configuration
    own = account.model_copy(update={"sandbox": address})
    accounts = {**configuration.settings.accounts, name: own}
    settings = configuration.settings.model_copy(update={"accounts": accounts})
    return replace(configuration, settings=settings)


def _address(home: Path, account: str) -> str:
    """Return the address of the living server that serves *account*; "" if there is none."""
    try:
        if not is_held(home / _LOCK, tidy=False):
            return ""
        found: Any = json.loads((home / _PLACE).read_text("utf-8"))
    except (OSError, ValueError):  # it is starting or stopping
        return ""
    known = is_object(found) and account in found["accounts"]
    return str(found["address"]) if known else ""
