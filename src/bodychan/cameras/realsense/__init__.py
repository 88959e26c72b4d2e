"""RealSense cameras and their recordings, through RealSense's own library (the package pyrealsense2)."""
