from collections.abc import Mapping

class Request:
    method: str
    uri: str
    body: bytes | None
    headers: Mapping[str, str]
    host: str
    def __init__(
        self, method: str, uri: str, body: bytes | None, headers: Mapping[str, str]
    ) -> None: ...
