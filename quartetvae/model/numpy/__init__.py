"""The network in NumPy: the same function of the same weights as quartetvae.model.keras, ready at once."""
