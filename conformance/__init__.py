"""Tests the fakes with schemathesis, against the API descriptions of the plugins."""
