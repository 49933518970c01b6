"""What operators have done: redo, retry, cancel, pause. A short module, as the chapter's name."""
