"""What a server's errors say: their bodies, their words, the pauses they ask for."""
