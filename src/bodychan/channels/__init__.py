"""From bodies to named channels: the channel table, player slots, filters, spaces, resampling."""
