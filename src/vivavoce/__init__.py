"""Vivavoce: the open, self-hosted server for live voice agents in web pages."""

__version__ = "0.1.0"
