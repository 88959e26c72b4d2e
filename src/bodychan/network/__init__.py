"""Bodies and channels from machine to machine, by Zenoh: messages, and the link that carries them."""
