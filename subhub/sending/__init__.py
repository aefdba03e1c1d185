"""Sending: how a flow is carried out, from its first request to the answer to its last."""
