"""What the last run made: `python -m stages` names the files to listen to and look at, and the main figures."""

import json
from pathlib import Path
from typing import Any

from quartetvae import errors
from quartetvae.errors import QuartetError


def main() -> None:
    """Print the summary."""
    filtered, trained, test, paths, evaluated = (
        _metrics(name) for name in ("filter", "train", "reconstruct", "interpolate", "evaluate")
    )
    test = test["test"]
    pairs = sorted(path for path in Path("outputs/interpolations").iterdir() if path.is_dir())
    pieces = sorted(path for path in Path("outputs/reconstructions").iterdir() if path.is_dir())
    print(
        f"""
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
  plots/transitions.png         which pitch class follows which
  plots/step_distance.png       how even the steps of the paths are
  plots/kl_by_dimension.png     how much of the code is used
  plots/latent_map.png          where the works lie in it

Figures (all of them in metrics/):
  corpus                        {filtered["selected"]} quartets of {filtered["works"]} works
  training                      {trained["epochs"]} epochs, {trained["parameters"]:,} parameters
  on {test["works"]} works never trained on    {test["phrases"]} phrases
    token accuracy              {test["token_accuracy"]:.3f}   (always sustain: {_baseline(test, "sustain"):.3f})
    onset F1                    {test["onset_f1"]:.3f}
    phrases without an error    {test["exact_phrase"]:.3f}
    KL divergence               {test["kl_nats"]:.1f} nats per phrase
  overlap with real music       other real music {_or_none(evaluated["real"]["mean_overlap"])}, """
        f"""reconstructions {_or_none(evaluated["reconstructions"]["mean_overlap"])}, """
        f"""interpolations {_or_none(evaluated["interpolations"]["mean_overlap"])}
  same-pitch-class repeats      real {evaluated["real"]["same_pitch_class_share"]:.3f}, """
        f"""interpolated {_or_none(evaluated["interpolations"]["same_pitch_class_share"])}"""
    )


def _metrics(name: str) -> dict[str, Any]:
    path = Path("metrics") / f"{name}.json"
    if not path.is_file():
        raise QuartetError(f"{path}: not there; run the pipeline first (make demo, or dvc repro).")
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def _baseline(test: dict[str, Any], name: str) -> float:
    return float(test["baselines"][name]["token_accuracy"])


def _or_none(value: float | None) -> str:
    return "none (too little music)" if value is None else f"{value:.3f}"


if __name__ == "__main__":
    errors.run(main)
