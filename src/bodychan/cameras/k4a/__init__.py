"""Live devices through Microsoft's libk4a, or Orbbec's wrapper that looks like it."""
