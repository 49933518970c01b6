"""Pages as people see them: a picture of each, and where on it each of its characters stands."""
