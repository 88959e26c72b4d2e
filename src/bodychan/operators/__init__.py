"""The operators: parameters, cooking, and the project that drives them."""

from bodychan.operators.kinect_chop import KinectAzureCHOP
from bodychan.operators.kinect_top import KinectAzureTOP, Playback
from bodychan.operators.project import Project

__all__ = ["KinectAzureCHOP", "KinectAzureTOP", "Playback", "Project"]
