"""What is measured of what: a model on held-out music, sets of music beside real music, files."""
