"""Language models behind the Chat Completions API."""
