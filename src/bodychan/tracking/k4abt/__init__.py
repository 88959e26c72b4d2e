"""Microsoft's closed body tracker, where it is installed."""
