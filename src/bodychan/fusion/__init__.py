"""Many cameras: where they are, how their clocks differ, and their bodies as one set."""
