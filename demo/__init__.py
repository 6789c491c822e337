"""See it work, offline: a small review site with two invented brands."""
