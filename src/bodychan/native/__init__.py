"""The makers' own libraries, through ctypes; loaded when a device is opened, never before."""
