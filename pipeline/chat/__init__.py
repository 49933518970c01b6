"""One turn of a chat over the HTTP API."""
