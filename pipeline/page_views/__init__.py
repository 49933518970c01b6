"""Pages shown to people, with what is quoted from them marked where it stands."""
