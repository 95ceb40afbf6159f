"""Model the latent space of string quartets: a library of small modules; the pipeline is in `stages/`."""
