"""How well a tracker does: measures, datasets with true joints, plots, debug pictures."""
