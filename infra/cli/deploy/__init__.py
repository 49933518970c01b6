"""The commands that build, deploy, destroy and look after a stack."""
