"""The pipeline's stages, one script each: `python -m stages.<name>` from the project's root. `dvc repro` runs them."""
