"""The operators: parameters, cooking, and the project that drives them."""

from bodychan.operators.info_chop import InfoCHOP
from bodychan.operators.kinect_chop import KinectAzureCHOP
from bodychan.operators.kinect_top import KinectAzureTOP
from bodychan.operators.merge_chop import MergeCHOP
from bodychan.operators.playback import Playback
from bodychan.operators.project import Project
from bodychan.operators.select_top import KinectAzureSelectTOP

__all__ = [
    "InfoCHOP",
    "KinectAzureCHOP",
    "KinectAzureSelectTOP",
    "KinectAzureTOP",
    "MergeCHOP",
    "Playback",
    "Project",
]
