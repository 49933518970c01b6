"""The agent: a loop of thought, call and result over tools that only look."""
