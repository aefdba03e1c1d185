"""The clients: what an application holds, and everything that belongs to one account."""
