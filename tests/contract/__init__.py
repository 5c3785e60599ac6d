"""Holds mlbot's requests to the forges' own descriptions of their interfaces; run by `make contract`."""
