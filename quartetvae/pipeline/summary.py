"""What the last run made: the files to listen to and look at, and the main figures."""

import json
from pathlib import Path
from typing import Any

from quartetvae.errors import QuartetError
from quartetvae.metrics.figures import (
    EvaluateFigures,
    FilterFigures,
    InterpolateFigures,
    ReconstructFigures,
    TrainFigures,
)
from quartetvae.pipeline import leftovers, locations


def main() -> None:
    """Print the summary; raises `QuartetError` if the pipeline has not run."""
    filtered: FilterFigures = _read("filter")
    trained: TrainFigures = _read("train")
    reconstructed: ReconstructFigures = _read("reconstruct")
    paths: InterpolateFigures = _read("interpolate")
    evaluated: EvaluateFigures = _read("evaluate")
    test = reconstructed["test"]
    grid, model = (test["file"][by]["onset"]["f1"] for by in ("codec", "model"))
    sustain = _shown(test["baselines"]["sustain"]["token_accuracy"])
    page = (Path.cwd() / locations.REPORT / "index.html").resolve()
    pairs, pieces = _folders(locations.INTERPOLATIONS), _folders(locations.RECONSTRUCTIONS)
    print(
        f"""{leftovers.told(locations.CHECKPOINTS)}
Made in {Path.cwd()}:

Listen (any MIDI player), and look at piano_roll.png beside each:
  {pairs[0]}/point_0.mid ... point_{paths["points"] - 1}.mid
      from one piece to another, {len(pairs)} pairs in all; the two originals lie beside them
  {pieces[0]}/original.mid and reconstruction.mid
      a piece that training never saw, {len(pieces)} in all

Look:
  plots/interpolation.png       a path between two pieces
  plots/reconstruction.png      an original above its reconstruction
  plots/scores.png              how well, by part, composer and work
  plots/training.png            loss curves
  plots/pitch_distribution.png  pitches of real and generated music, by part
  plots/pitch_classes.png       likewise, by pitch class
  plots/overlap.png             how like real music, by feature
  plots/between.png             what lies between two phrases: how easily told from music, how much of both it keeps
  plots/composed.png            what the composer fills in, and how much of its bars comes again
  plots/transitions.png         which pitch class follows which
  plots/step_distance.png       how even the steps of the paths are
  plots/kl_by_dimension.png     how much of the code is used
  plots/latent_map.png          what it is sorted by

Figures (all of them in metrics/):
  corpus                        {filtered["selected"]} quartets of {filtered["works"]} works
  training                      {trained["epochs"]} epochs, {trained["parameters"]:,} parameters
  on {test["works"]} works never trained on    {test["phrases"]} phrases
    notes of their files        {_shown(model)}   (onset F1; through the grid alone: {_shown(grid)})
    token accuracy              {_shown(test["token_accuracy"])}   (always sustain: {sustain})
    onset F1                    {_shown(test["onset_f1"])}
    phrases without an error    {_shown(test["exact_phrase"])}
    KL divergence               {test["kl_nats"]:.1f} nats per phrase
  overlap with real music       other real music {_shown(evaluated["real"]["mean_overlap"])}, """
        f"""reconstructions {_shown(evaluated["reconstructions"]["mean_overlap"])}, """
        f"""interpolations {_shown(evaluated["interpolations"]["mean_overlap"])}
  same-pitch-class repeats      real {_shown(evaluated["real"]["same_pitch_class_share"])}, """
        f"""interpolated {_shown(evaluated["interpolations"]["same_pitch_class_share"])}

Open this page: all of it to hear, to see and to read.
  {page.as_uri()}"""
    )


def _read(stage: str) -> Any:
    path = locations.metrics(stage)
    if not path.is_file():
        raise QuartetError(f"{path}: not there; run the pipeline first (dvc repro).")
    return json.loads(path.read_text(encoding="utf-8"))


def _folders(parent: Path) -> list[Path]:
    found = sorted(path for path in parent.glob("*") if path.is_dir())
    if not found:
        raise QuartetError(f"{parent}: nothing there; run the pipeline first (dvc repro).")
    return found


def _shown(value: float | None) -> str:
    return "none (too little music)" if value is None else f"{value:.3f}"
