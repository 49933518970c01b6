"""Lambda entry points: a handler decodes its event and makes one call into `pipeline`."""
