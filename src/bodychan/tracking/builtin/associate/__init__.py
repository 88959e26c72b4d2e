"""Which body of this capture is which of the captures before."""
