"""The Kinect Azure operators: two TOPs and the CHOP."""
