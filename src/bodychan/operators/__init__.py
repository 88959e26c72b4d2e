"""Operators with parameters, and the project whose timeline they follow."""
