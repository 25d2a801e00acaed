"""The console: pages at ``/console`` on which people set up agents, try them, and read what visitors said."""
