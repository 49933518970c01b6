"""What goes into a function's zip: its own modules, its dependencies, bytecode."""
