"""Body tracking as channels: an Azure Kinect camera or recording in, named joint channels out.

>>> import bodychan
>>> for row in bodychan.track("synthetic:walk?seconds=1"):
...     print(f"{row['frame']:.0f} {row['p1/id']:.0f} {row['p1/head:ty']:.2f}")  # doctest: +SKIP

The public names stand in the stub beside this file; each is imported when it is first used.
"""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
__all__ += ["__version__"]
