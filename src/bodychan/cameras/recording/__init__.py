"""Azure Kinect recordings (Matroska): reading, writing and repairing them."""
