"""The store: tables, the only SQL of the project, and migrations."""
