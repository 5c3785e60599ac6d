"""Ten thousand damaged files; `make fuzz` names it."""
