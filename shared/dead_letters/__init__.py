"""Dead letters: what a message in a DLQ says of itself, and how DLQs are read."""
