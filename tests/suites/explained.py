"""Differences that are none of the shim's: (suite, test): why, and how that shows without it."""
EXPLAINED = {}
