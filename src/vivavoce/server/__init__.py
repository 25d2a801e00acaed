"""The server: HTTP, voice sockets, and the parts of the house put together."""
