"""The fakes, driven by schemathesis from the API descriptions that the plugins ship."""
