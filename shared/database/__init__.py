"""The optional PostgreSQL database that results are copied into."""
