"""What keeps a process that parses untrusted files within its limits."""
