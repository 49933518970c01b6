"""The offline language model: it picks sentences, names and dates, and never writes one itself."""
