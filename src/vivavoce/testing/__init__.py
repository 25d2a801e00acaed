"""For the authors of plug-ins and agents: conversations on simulated time, and contract tests for engines."""
