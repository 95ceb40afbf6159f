"""Where the pipeline's files lie, from the project's root; dvc.yaml names them too."""

from pathlib import Path

RAW = Path("data/raw")
QUARTETS = Path("data/quartets.parquet")
PIECES = Path("data/pieces.parquet")
PHRASES = Path("data/phrases")
MODEL = Path("models/quartetvae")
COMPOSER = Path("models/composer")
RECONSTRUCTIONS = Path("outputs/reconstructions")
INTERPOLATIONS = Path("outputs/interpolations")
LATENT = Path("outputs/latent")
REPORT = Path("outputs/report")
METRICS = Path("metrics")
PLOTS = Path("plots")
LOSS = PLOTS / "loss.csv"
COMPOSE_LOSS = PLOTS / "compose.csv"

CHECKPOINTS = Path(".work/checkpoints")
DOWNLOADS = Path(".work/downloads")
SHARDS = Path(".work/shards")
"""What belongs to no stage: what a killed training goes on from; what was downloaded; finished shards of stages."""


def phrases(split: str) -> Path:
    """Name the table of the phrases of a split."""
    return PHRASES / f"{split}.parquet"


def metrics(stage: str) -> Path:
    """Name the figures of a stage."""
    return METRICS / f"{stage}.json"


def plot(name: str) -> Path:
    """Name a picture."""
    return PLOTS / f"{name}.png"
