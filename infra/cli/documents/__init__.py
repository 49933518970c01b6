"""The commands on documents."""
