"""Dialects: pure translation between a client's frames and the conversation."""
