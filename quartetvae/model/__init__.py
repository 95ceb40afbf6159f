"""The network: its architecture, what is asked of a model, and two implementations, Keras and NumPy."""
