"""From captures to bodies: the trackers, and how they are run."""
