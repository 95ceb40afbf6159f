"""Stage `summary`: the headline figures of a run, which `dvc exp show` and `dvc metrics diff` lay side by side."""

import json
from typing import Any

from quartetvae import errors, files
from quartetvae.metrics import summary
from quartetvae.pipeline import locations


def main() -> None:
    """Pick them from the figures of the stages before."""
    found = summary.collect(*(_read(stage) for stage in ("filter", "train", "compose", "reconstruct", "evaluate")))
    files.write_json(locations.metrics("summary"), found)


def _read(stage: str) -> Any:
    return json.loads(locations.metrics(stage).read_text(encoding="utf-8"))


if __name__ == "__main__":
    errors.run(main)
