"""Where captures come from: recordings, live devices and synthetic scenes, all one type."""
