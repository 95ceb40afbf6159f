"""Measures of reconstructions, paths and sets of excerpts; NumPy only, on part arrays."""
