"""One articulated body: frames, lengths and proportions, and the fit to joints that were seen."""
