from collections.abc import Callable
from contextlib import AbstractContextManager

from vcr.cassette import Cassette
from vcr.request import Request

class VCR:
    def __init__(
        self,
        *,
        match_on: tuple[str, ...],
        decode_compressed_response: bool,
        before_record_request: Callable[[Request], Request | None],
    ) -> None: ...
    def register_persister(self, persister: object) -> None: ...
    def use_cassette(self, path: str, *, record_mode: str) -> AbstractContextManager[Cassette]: ...
