"""Training: epochs and early stopping, checkpoints, history."""
