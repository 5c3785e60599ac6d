"""mlbot beside the tools themselves, each in an environment of its own: `make peers`. Installing them takes minutes."""
