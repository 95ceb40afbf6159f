"""The pipeline's stages, one script each: `python -m stages.<name>` from the project's root. `dvc repro` runs them.

A stage ends with the `dvc` that runs it: killed alone, `dvc` would leave it writing beside the stage of the next run.
"""

import os

from quartetvae import machine

# Arrow's own pools keep much of what was freed, which grows with the number of files.
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")

# Here, since it is run first: what a stage imports takes seconds.
if "DVC_STAGE" in os.environ:
    machine.end_with_parent()
