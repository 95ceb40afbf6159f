"""Profiles: named sets of parameters, put into params.yaml by one command.

A profile is a YAML file with some keys of params.yaml and their values. All profiles set the same keys, so that going
from one to another leaves nothing of the first behind; keys that no profile sets, and all comments, stay as they are.
"""

import argparse
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedSeq

from quartetvae import errors
from quartetvae.errors import ParamsError
from quartetvae.files import replacing
from quartetvae.pipeline import params


def apply(profile: Path, target: Path) -> list[str]:
    """Put a profile's values into params.yaml; give what changed, a line per key (`train.epochs: 20 -> 4`).

    Raises
    ------
    ParamsError
        If the profile sets a key that does not exist, or the result is not valid; then nothing is changed.
    """
    values = params.read_yaml(profile)
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 120
    params.check(params.read_yaml(target), target)
    document = yaml.load(target.read_text(encoding="utf-8"))
    changes = []
    for section, entries in values.items():
        if section not in document or not isinstance(entries, dict):
            raise ParamsError(f"{profile}: '{section}' is no section of {target} with keys of its own.")
        for key, value in entries.items():
            if key not in document[section]:
                raise ParamsError(f"{profile}: {section}.{key} is no key of {target}.")
            if document[section][key] != value:
                changes.append(f"{section}.{key}: {_shown(document[section][key])} -> {_shown(value)}")
                document[section][key] = _on_a_line(value)
    if changes:
        with replacing(target) as temporary:
            with temporary.open("w", encoding="utf-8") as file:
                yaml.dump(document, file)
            # A profile's mistake must not reach params.yaml.
            params.check(params.read_yaml(temporary), profile)
    return changes


def _on_a_line(value: Any) -> Any:
    """Keep a list on its line, as params.yaml has it."""
    if not isinstance(value, list):
        return value
    items = CommentedSeq(map(_on_a_line, value))
    items.fa.set_flow_style()
    return items


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_shown, value))}]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def main() -> None:
    """Run the command `python -m quartetvae.pipeline.profiles`."""
    parser = argparse.ArgumentParser(
        prog="python -m quartetvae.pipeline.profiles",
        description="Put a profile's values into params.yaml, then `dvc repro`.",
    )
    parser.add_argument("profile", type=Path, help="a profile, such as profiles/demo.yaml")
    parser.add_argument("--params", type=Path, default=Path("params.yaml"), help="the file to change (params.yaml)")
    arguments = parser.parse_args()
    for change in apply(arguments.profile, arguments.params):
        print(f"{arguments.params}: {change}")


if __name__ == "__main__":
    errors.run(main)
