"""Template, command line, build, deploy and the local stack. Nothing imports this package."""
