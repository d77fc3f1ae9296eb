"""Keeps the stores of capabilities: in objects of the module's namespace, or in memory for tests."""
