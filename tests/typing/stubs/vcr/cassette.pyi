from collections import Counter

from vcr.request import Request

class Cassette:
    play_counts: Counter[int]
    @property
    def requests(self) -> list[Request]: ...
