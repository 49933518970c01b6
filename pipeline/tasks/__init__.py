"""The tasks that users send: one module a kind, and what all kinds have in common."""
