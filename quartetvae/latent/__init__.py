"""The latent space: codes, paths between them, directions in it, neighbours."""
