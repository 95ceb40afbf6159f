"""How far measures of music agree with listeners: `python -m benchmarks.listeners FOLDER`; see `__main__`."""
