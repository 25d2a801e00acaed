"""Samples and rates: numbers, no decisions."""
