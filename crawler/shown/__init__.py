"""Reviews that a page shows, read from the structure that it repeats, where mark-up says nothing or not all."""
