from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Self

from vcr.request import Request

class Cassette:
    data: list[tuple[Request, Any]]
    play_counts: Counter[int]
    skip_patchers: tuple[str, ...]
    def __init__(
        self,
        path: str,
        *,
        persister: object,
        record_mode: str,
        before_record_request: Callable[[Request], Request | None],
    ) -> None: ...
    @classmethod
    def load(cls, **settings: Any) -> Self: ...
    @classmethod
    def use(cls, **settings: Any) -> AbstractContextManager[Self]: ...
    @property
    def requests(self) -> list[Request]: ...
    def can_play_response_for(self, request: Request) -> bool: ...
    def filter_request(self, request: Request) -> Request | None: ...
    def play_response(self, request: Request) -> Any: ...
