"""The suite works for plugins with few operations, and for those that differ from the usual."""

from __future__ import annotations

from tests.contract.kiosk import KioskContract
from tests.contract.mini import MiniContract


class TestMini(MiniContract):
    pass


class TestKiosk(KioskContract):
    pass
