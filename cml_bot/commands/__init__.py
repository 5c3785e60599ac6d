"""The commands, one a file. With `cli.py` the only place that prints, and reads the environment and the clock."""
