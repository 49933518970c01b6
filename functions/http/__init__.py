"""The HTTP API: its routes, what they take and give, and their errors."""
