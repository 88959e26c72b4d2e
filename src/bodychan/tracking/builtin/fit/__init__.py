"""The skeleton that explains best what was observed."""
