from . import errors as errors
from . import testing as testing
from .apps.convert import track as track
from .cameras.registry import open_camera as open_camera
from .cameras.settings import DeviceSettings as DeviceSettings
from .channels.channels import Channel as Channel
from .channels.channels import Channels as Channels
from .channels.filters import Holt as Holt
from .channels.filters import OneEuro as OneEuro
from .channels.layout import Layout as Layout
from .channels.pipeline import BodiesToChannels as BodiesToChannels
from .channels.pipeline import ChannelSettings as ChannelSettings
from .channels.players import Rules as Rules
from .fusion.rig import Rig as Rig
from .model.bodies import Bodies as Bodies
from .model.capture import Capture as Capture
from .model.capture import ImuSample as ImuSample
from .model.skeleton import Joint as Joint
from .operators.info import InfoCHOP as InfoCHOP
from .operators.kinect.chop import KinectAzureCHOP as KinectAzureCHOP
from .operators.kinect.fusion import FusionCHOP as FusionCHOP
from .operators.kinect.playback import Playback as Playback
from .operators.kinect.select_top import KinectAzureSelectTOP as KinectAzureSelectTOP
from .operators.kinect.top import KinectAzureTOP as KinectAzureTOP
from .operators.merge import MergeCHOP as MergeCHOP
from .operators.network import NetworkCHOP as NetworkCHOP
from .operators.project import Project as Project
from .optics import remap as remap
from .optics.calibration import Calibration as Calibration
from .outputs.registry import open_output as open_output
from .tracking.base import Tracker as Tracker
from .tracking.registry import open_tracker as open_tracker

__all__: list[str]
__version__: str
