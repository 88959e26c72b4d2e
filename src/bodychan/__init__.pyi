from . import errors as errors
from . import remap as remap
from . import testing as testing
from .bodies import Bodies as Bodies
from .calibration import Calibration as Calibration
from .cameras import open_camera as open_camera
from .capture import Capture as Capture
from .capture import ImuSample as ImuSample
from .channels import Channel as Channel
from .channels import Channels as Channels
from .convert import track as track
from .operators import InfoCHOP as InfoCHOP
from .operators import KinectAzureCHOP as KinectAzureCHOP
from .operators import KinectAzureSelectTOP as KinectAzureSelectTOP
from .operators import KinectAzureTOP as KinectAzureTOP
from .operators import MergeCHOP as MergeCHOP
from .operators import Project as Project
from .outputs import open_output as open_output
from .tracking import Tracker as Tracker
from .tracking import open_tracker as open_tracker

__all__: list[str]
__version__: str
