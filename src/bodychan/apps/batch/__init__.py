"""Many recordings: one recording is one deterministic, independent job, on one machine or a cluster."""
