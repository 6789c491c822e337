"""Overheard: what customers say about a brand when it is not in the room."""

__version__ = "0.1.0"
