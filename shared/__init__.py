"""What functions and pipeline share: settings, messages, errors, the edges to AWS and LLMs."""
