"""Pictures: of pages with words, as scanners and cameras write them, and hostile ones."""
