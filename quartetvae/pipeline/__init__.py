"""The pipeline: the only package that knows its paths and the sections of params.yaml."""
