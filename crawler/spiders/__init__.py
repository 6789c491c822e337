"""One spider for each kind of source; a new file here is a new kind."""
