"""Measurements: run by hand, `make bench`. Their tables are in the README."""
