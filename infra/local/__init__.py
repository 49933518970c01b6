"""The local stack: an emulated AWS on this machine, with the real template deployed to it."""
