"""Training of the tracker's network: data engine, network, trainer, exporter and evaluation."""
