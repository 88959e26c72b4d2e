"""Orbbec's Femto cameras and their recordings, through the C API of OrbbecSDK 2."""
