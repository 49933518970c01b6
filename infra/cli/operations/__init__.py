"""What operators do to documents, tasks, consumers. A short module, as the chapter's name."""
