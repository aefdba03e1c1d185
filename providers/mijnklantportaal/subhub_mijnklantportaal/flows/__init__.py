"""The flows of MijnKlantportaal, by subject; `MijnKlantportaal` is all of them together."""
