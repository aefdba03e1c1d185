"""A fake of MijnKlantportaal, written from its documentation."""

from subhub_mijnklantportaal.sandbox.fake import MijnKlantportaalFake

__all__ = ["MijnKlantportaalFake"]
