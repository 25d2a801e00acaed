"""The agent that answers right after the installation: it tells about Vivavoce itself."""
