"""The card of the weights in the package, as hubs of models read one: Markdown below a head in YAML.

The head follows the Hugging Face Hub's specification (hub-docs, modelcard.md): `model-index` with task, dataset and
metrics for each corpus. All figures come from card.json and architecture.json.
"""

import io
from typing import Any

from ruamel.yaml import YAML

DATA = {
    "musicnet": {
        "name": "MusicNet (Thickstun, Harchaoui & Kakade 2017), Zenodo record 5120004",
        "licence": "CC BY 4.0",
    },
    "openscore": {
        "name": "OpenScore String Quartet Corpus 3.0.0 (Gotham, Redbond, Bower & Jonas 2023), Zenodo record 21862554",
        "licence": "CC0 1.0",
    },
}
"""Where a source's music is from, and on what terms."""

TITLES = {"musicnet": "MusicNet", "openscore": "OpenScore String Quartets"}


def markdown(card: dict[str, Any], architecture: dict[str, Any]) -> str:
    """Write the card.

    Parameters
    ----------
    card
        What card.json says.
    architecture
        What architecture.json says.
    """
    return f"---\n{_yaml(head(card))}---\n\n{_text(card, architecture)}"


def head(card: dict[str, Any]) -> dict[str, Any]:
    """Put together what stands between the two lines of dashes."""
    file = card["reconstruct"]["test"]["file"]
    return {
        "license": "mit",
        "library_name": "keras",
        "tags": ["music", "symbolic-music", "midi", "string-quartet", "variational-autoencoder"],
        "metrics": ["f1"],
        "model-index": [
            {
                "name": "quartetvae",
                "results": [
                    {
                        "task": {"type": "other", "name": "Reconstruction of notes of whole files"},
                        "dataset": {"type": source, "name": TITLES[source], "split": "test"},
                        "metrics": [
                            {"type": "f1", "name": "F1 of part, pitch and onset", "value": scores["onset_f1"]},
                            {"type": "f1", "name": "F1 of part, pitch, onset and end", "value": scores["offset_f1"]},
                        ],
                    }
                    for source, scores in file["by_source"].items()
                ],
            }
        ],
    }


def _yaml(content: dict[str, Any]) -> str:
    text = io.StringIO()
    yaml = YAML()
    yaml.width = 120
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.dump(content, text)
    return text.getvalue()


def _text(card: dict[str, Any], architecture: dict[str, Any]) -> str:
    train, test = card["train"], card["reconstruct"]["test"]
    file, phrases, network = test["file"], architecture["phrases"], architecture["network"]
    notes = "two notes" if architecture["chords"] == "double" else "one note"
    sources = [f"- {data['name']}: {data['licence']}" for data in card["data"]]
    rows = [
        f"| {TITLES[source]} | {scores['notes']:,} | {scores['onset_f1']:.3f} | {scores['offset_f1']:.3f} |"
        for source, scores in file["by_source"].items()
    ]
    return "\n".join(
        [
            "# quartetvae",
            "",
            "A variational autoencoder of string quartets: phrases of "
            f"{phrases['beats_per_phrase']} beats, {architecture['steps_per_beat']} steps a beat and {notes} a part, "
            f"become a code of {network['latent_dim']} numbers and music again; points between two codes are music "
            "between two pieces. Written by `python -m tools.weights`.",
            "",
            "## Use",
            "",
            "```sh",
            "quartetvae interpolate a.mid b.mid --beats 32 --as mid",
            "```",
            "",
            "```python",
            "import quartetvae",
            "",
            "model = quartetvae.load()",
            "```",
            "",
            "It knows string quartets of the common practice and little else; what it makes is raw material for "
            "musicians, or a subject for research. A code holds nearly all of a phrase: who decodes one has the music "
            "that it is of.",
            "",
            "## Training",
            "",
            f"{train['parameters']:,} parameters, decoder `{network['decoder']}`; {train['epochs']} epochs of "
            f"{train['epoch_phrases']:,} phrases (windows of the training works in all the keys that fit), "
            f"{card['minutes']:.0f} minutes on {card['hardware']}, {card['date']}, commit {card['commit'][:7]}, "
            f"`{card['command']}`, profile `{card['profile']}`.",
            "",
            *sources,
            "",
            "Works are split as wholes, with all their editions that were found; docs/limits.md of the project says "
            "which may not be.",
            "",
            "## Figures",
            "",
            f"Notes of whole files of {test['works']} test works against what comes out of the model, repeats as they "
            "are played: part, pitch and onset within 1/24 beat, and with the end within 1/8 beat or 20 %.",
            "",
            "| | notes | onset F1 | with ends |",
            "|---|---|---|---|",
            *rows,
            f"| both | {file['notes']:,} | {file['onset']['f1']:.3f} | {file['offset']['f1']:.3f} |",
            "",
            f"By phrases: token accuracy {test['token_accuracy']:.3f}, onset F1 {test['onset_f1']:.3f}, exact phrases "
            f"{test['exact_phrase']:.3f}, KL divergence {test['kl_nats']:.0f} nats. Music between pieces, and drawn "
            "from the prior, is far less good than what is given back: docs/results.md of the project has its figures, "
            "docs/limits.md what the model cannot do.",
            "",
            "## Files",
            "",
            "`architecture.json` (with the sha256 of the weights) and `model.weights.h5` are the network, "
            "`corpus.npz` the codes of the corpus' phrases, `directions.json` the directions in which attributes "
            "grow, `card.json` these facts and figures for programs.",
            "",
            "Licence: MIT. MusicNet asks for attribution: Thickstun, Harchaoui & Kakade, *Learning Features of Music "
            "from Scratch*, ICLR 2017.",
            "",
        ]
    )
