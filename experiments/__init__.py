"""Experiments: which there are, what they found, and how far figures lie apart by chance."""
