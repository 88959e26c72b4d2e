"""How well the tracker does: measures against known joints, whole datasets, and a look inside one capture."""
