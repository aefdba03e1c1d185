"""Builds the documentation site: pages of the checkout and an API reference, all links checked."""
