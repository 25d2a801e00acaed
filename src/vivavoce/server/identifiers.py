"""
How identifiers look: whatever looks different is refused before it reaches the store.

Source: wire-spec 2.0.4.
"""

import re

__all__ = ["AGENT_ID", "CALL_ID"]

AGENT_ID = re.compile(r"[0-9a-f]{24}")
CALL_ID = re.compile(r"CALL-\d{13}-[a-fA-F0-9]{6}", re.ASCII)
