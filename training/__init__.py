"""Training of the tracker's network: bodies, poses, scenes, sensor, network, trainer, exporter, evaluation."""
