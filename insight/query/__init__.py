"""The query language of `--query` (docs/query.md): text to syntax tree, and tree to conditions of the database."""
