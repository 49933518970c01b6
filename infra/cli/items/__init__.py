"""The commands that take documents and tasks alike: show, watch, explain."""
