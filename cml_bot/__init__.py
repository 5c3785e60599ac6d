"""mlbot: the ML reporting bot that lives in the review."""

__version__ = "0.1.0"
