"""Camera geometry: sensor modes, lenses, calibrations, and images remapped from one camera to the other."""

import lazy_loader

# The door hands `remap` out as a module; whoever only needs a lens does not load it.
__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, ["remap"])
