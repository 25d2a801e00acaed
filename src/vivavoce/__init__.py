"""Vivavoce: the open, self-hosted server for live voice agents in web pages."""

import os

__version__ = "0.1.0"

# The voice detector's matrix products are small: spread over threads they cost more and starve the calls.
# numpy's BLAS reads this once, when numpy is first imported, so it must stand before any of our imports.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
