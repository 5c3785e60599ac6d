"""Forges on loopback: real HTTP servers that keep the rules of the real ones."""
