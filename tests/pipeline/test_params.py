"""params.yaml: read by DVC's rules, and every mistake in it is one clear error."""

import copy
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from dvc.utils.serialize import load_yaml, parse_yaml

from quartetvae import config
from quartetvae.composing import keys
from quartetvae.errors import ParamsError
from quartetvae.pipeline import params
from tests.imports import ROOT

COMMITTED = ROOT / "params.yaml"
GOOD: dict[str, Any] = params.read_yaml(COMMITTED)


def write(path: Path, content: dict[str, Any]) -> Path:
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


def with_value(section: str, key: str, value: Any) -> dict[str, Any]:
    content = copy.deepcopy(GOOD)
    content[section][key] = value
    return content


def test_the_committed_file_is_valid() -> None:
    found = params.check(GOOD, COMMITTED)
    assert found.model_dump() == GOOD


def test_the_committed_file_is_what_dvc_reads() -> None:
    assert load_yaml(str(COMMITTED)) == GOOD


def test_sections_come_in_the_order_asked_for() -> None:
    train, encode = params.load("train", "encode", path=COMMITTED)
    assert isinstance(train, config.Train)
    assert isinstance(encode, config.Encode)
    assert encode.steps_per_beat == GOOD["encode"]["steps_per_beat"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-5", 1e-5),
        ("1E5", 1e5),
        ("1.", 1.0),
        (".5", 0.5),
        ("12", 12),
        ("-3", -3),
        ("010", 10),
        ("08", 8),
        ("0o10", 8),
        ("0x1F", 31),
        ("true", True),
        ("False", False),
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("off", "off"),
        ("y", "y"),
        ("1:30", "1:30"),
        ("'1'", "1"),
        ("~", None),
        ("", None),
    ],
)
def test_scalars_are_those_of_yaml_1_2_and_of_dvc(text: str, value: object, tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text(f"key: {text}\n")
    found = params.read_yaml(tmp_path / "params.yaml")["key"]
    assert (type(found), found) == (type(value), value)
    by_dvc = parse_yaml(f"key: {text}\n", "params.yaml")["key"]
    assert (type(found), found) == (type(by_dvc), by_dvc)


@pytest.mark.parametrize(
    ("section", "key", "value", "message"),
    [
        ("model", "latent_dim", 0, "0 found; input should be greater than or equal to 1"),
        ("model", "latent_dim", True, "True found; input should be a valid integer"),
        ("model", "latent_dim", 64.0, "64.0 found; input should be a valid integer"),
        ("model", "latent_dim", "64", "'64' found; input should be a valid integer"),
        ("model", "latent_dim", None, "None found; input should be a valid integer"),
        ("model", "bidirectional", 1, "1 found; input should be a valid boolean"),
        ("model", "bidirectional", "yes", "'yes' found; input should be a valid boolean"),
        ("model", "cell", "rnn", "'rnn' found; input should be 'lstm' or 'gru'"),
        ("model", "dropout", 1.0, "1.0 found; input should be less than 1"),
        ("model", "dropout", False, "False found; input should be a valid number"),
        ("train", "learning_rate", 0, "0 found; input should be greater than 0"),
        ("train", "learning_rate", float("nan"), "nan found; input should be a finite number"),
        ("train", "beta", float("inf"), "inf found; input should be a finite number"),
        ("train", "beta", -0.1, "-0.1 found"),
        ("encode", "steps_per_beat", 0, "0 found"),
        ("encode", "pitch_max", 128, "128 found; input should be less than or equal to 127"),
        ("split", "seed", -1, "-1 found"),
        ("interpolate", "points", 1, "1 found; input should be greater than or equal to 3"),
        ("interpolate", "pairs", "all", "'all' found"),
        ("interpolate", "key", "H major", "'free', 'auto' or the name of a key"),
        ("interpolate", "path", "bent", "'bent' found"),
        ("interpolate", "spacing", "even", "'even' found"),
        ("interpolate", "freedom", 1.5, "1.5 found"),
        ("interpolate", "tries", 0, "0 found"),
        ("interpolate", "temperature", -1, "-1 found"),
        ("interpolate", "pairs", [["a", "b", "c"]], "found; "),
        ("interpolate", "pairs", [], "'paper', 'auto' or a list of pairs of ids"),
        ("interpolate", "pairs", [[2.5, "a"]], "'paper', 'auto' or a list of pairs of ids"),
        ("phrases", "beats_per_phrase", 100000, "100000 found; input should be less than or equal to 256"),
        ("model", "decoder", "transformer", "'transformer' found; input should be 'autoregressive', 'flat' or"),
        ("model", "pooling", "mean", "'mean' found; input should be 'last', 'full' or 'dense'"),
        ("model", "word_dropout", 1.0, "1.0 found; input should be less than 1"),
        ("train", "schedule", "linear", "'linear' found; input should be 'constant' or 'cosine'"),
        ("train", "beta_warmup", 1.5, "1.5 found; input should be less than or equal to 1"),
        ("train", "beta_cycles", 0, "0 found; input should be greater than or equal to 1"),
        ("train", "free_bits", -1.0, "-1.0 found; input should be greater than or equal to 0"),
        ("train", "onset_weight", 0.0, "0.0 found; input should be greater than 0"),
        ("train", "adam_beta_2", 1.0, "1.0 found; input should be less than 1"),
        ("train", "clip_norm", -1.0, "-1.0 found; input should be greater than or equal to 0"),
        ("train", "precision", "float16", "'float16' found; input should be 'float32' or 'mixed_bfloat16'"),
        ("train", "devices", 2, "2 found; input should be 'one' or 'all'"),
        ("model", "decoder_units", 10**7, "10000000 found; input should be less than or equal to 8192"),
        ("split", "validation", 0.0, "0.0 found; input should be greater than 0"),
        ("download", "sources", ["zenodo"], "['zenodo'] found"),
        ("download", "sources", [], "[] found"),
        ("download", "sources", ["music21", "music21"], "'music21' is there twice"),
        ("reconstruct", "tempo_qpm", 0, "0 found"),
    ],
)
def test_a_wrong_value_is_named_with_its_key(section: str, key: str, value: Any, message: str, tmp_path: Path) -> None:
    path = write(tmp_path / "params.yaml", with_value(section, key, value))
    with pytest.raises(ParamsError) as caught:
        params.load(section, path=path)
    assert str(caught.value).startswith(f"{path}, {section}.{key}: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


SCHEMA: dict[str, Any] = params.Params.model_json_schema()
KEYS = [(section, key) for section, keys in GOOD.items() for key in keys]


def kind_of(section: str, key: str) -> dict[str, Any]:
    """What the schema says of a key: its type, values and bounds."""
    record = SCHEMA["properties"][section]["$ref"].rpartition("/")[2]
    found: dict[str, Any] = SCHEMA["$defs"][record]["properties"][key]
    return found


STEP = 2.0**-20
"""So far beyond a bound of a float is out of range."""


def bad_values(kind: dict[str, Any]) -> list[Any]:
    """Values that a key of a kind cannot have: of other types, just out of range, not finite."""
    if "anyOf" in kind:
        return [None, True, 1, 0.5, "nonsense", [], {}, [None]]
    if "enum" in kind:
        return [None, True, 1, 0.5, "", "nonsense", kind["enum"][0].upper(), [kind["enum"][0]], {}]
    if kind["type"] in ("integer", "number"):
        step = 1 if kind["type"] == "integer" else STEP
        out = [kind[name] + sign * step for name, sign in (("minimum", -1), ("maximum", 1)) if name in kind]
        out += [kind[name] for name in ("exclusiveMinimum", "exclusiveMaximum") if name in kind]
        halves = [kind.get("minimum", 0) + 0.5] if kind["type"] == "integer" else []
        return [
            None,
            True,
            False,
            "1",
            "nonsense",
            [1],
            {},
            *(float(of) for of in ("nan", "inf", "-inf")),
            *out,
            *halves,
        ]
    others: dict[str, list[Any]] = {
        "boolean": [None, 0, 1, "yes", "true", [True], {}],
        "string": [None, True, 1, 0.5, [], {}],
        "array": [None, True, 1, "nonsense", {}, [None], [1], ["nonsense"]],
    }
    return others[kind["type"]]


@pytest.mark.parametrize(("section", "key"), KEYS)
def test_a_bad_value_of_any_key_is_named_with_file_key_and_what_is_needed(section: str, key: str) -> None:
    for value in bad_values(kind_of(section, key)):
        with pytest.raises(ParamsError) as caught:
            params.check(with_value(section, key, value), COMMITTED)
        said = str(caught.value)
        assert said.startswith(f"{COMMITTED}, {section}.{key}: ")
        inner = value[0] if isinstance(value, list) and value else value
        assert re.search(rf"({re.escape(repr(value))}|{re.escape(repr(inner))}) found; .*(should|needed)", said)
        assert "\n" not in said


@pytest.mark.parametrize(("section", "key"), KEYS)
def test_numbers_have_bounds_and_may_be_at_them(section: str, key: str) -> None:
    kind = kind_of(section, key)
    if kind.get("type") not in ("integer", "number"):
        return
    assert "minimum" in kind or "exclusiveMinimum" in kind
    step = 1 if kind["type"] == "integer" else STEP
    at = [kind[name] for name in ("minimum", "maximum") if name in kind]
    beyond = (("exclusiveMinimum", 1), ("exclusiveMaximum", -1))
    at += [kind[name] + sign * step for name, sign in beyond if name in kind]
    for value in at:
        try:
            params.check(with_value(section, key, value), COMMITTED)
        # It may not go together with the other keys, which is another error.
        except ParamsError as error:
            assert f"{section}.{key}: " not in str(error)


@pytest.mark.parametrize(("section", "key"), KEYS)
def test_a_slip_in_any_key_is_told_twice_what_is_unknown_and_what_is_missing(section: str, key: str) -> None:
    content = copy.deepcopy(GOOD)
    content[section] = {f"{name}s" if name == key else name: value for name, value in content[section].items()}
    with pytest.raises(ParamsError) as caught:
        params.check(content, COMMITTED)
    said = str(caught.value)
    assert said.startswith(f"{COMMITTED}, {section}.")
    assert f"{section}.{key}: missing" in said
    assert f"{section}.{key}s: unknown key; {section} has {', '.join(GOOD[section])}" in said


def test_cycles_that_do_not_rise_are_refused(tmp_path: Path) -> None:
    content = with_value("train", "beta_cycles", 2)
    content["train"]["beta_warmup"] = 0.0
    with pytest.raises(ParamsError, match="train: beta_cycles above 1 need a beta_warmup above 0"):
        params.load("train", path=write(tmp_path / "params.yaml", content))


def test_a_whole_number_will_do_for_a_float(tmp_path: Path) -> None:
    path = write(tmp_path / "params.yaml", with_value("train", "beta", 1))
    (train,) = params.load("train", path=path)
    assert (type(train.beta), train.beta) == (float, 1.0)


@pytest.mark.parametrize("section", GOOD)
def test_an_unknown_key_is_named_with_the_known_ones(section: str, tmp_path: Path) -> None:
    path = write(tmp_path / "params.yaml", with_value(section, "colour", "red"))
    known = ", ".join(GOOD[section])
    with pytest.raises(ParamsError, match=rf"params\.yaml, {section}\.colour: unknown key; {section} has {known}\.$"):
        params.load(section, path=path)


@pytest.mark.parametrize(("section", "key"), [(s, k) for s, keys in GOOD.items() for k in keys])
def test_a_missing_key_is_named(section: str, key: str, tmp_path: Path) -> None:
    content = copy.deepcopy(GOOD)
    del content[section][key]
    with pytest.raises(ParamsError, match=rf"params\.yaml, {section}\.{key}: missing\.$"):
        params.load(section, path=write(tmp_path / "params.yaml", content))


def test_all_mistakes_of_a_section_are_in_one_message(tmp_path: Path) -> None:
    content = with_value("model", "latent_dim", 0)
    content["model"] |= {"colour": "red"}
    del content["model"]["decoder_units"]
    with pytest.raises(
        ParamsError, match=r"model\.decoder_units: missing; .*model\.latent_dim: 0 found.*model\.colour: unknown"
    ):
        params.load("model", path=write(tmp_path / "params.yaml", content))


@pytest.mark.parametrize(
    ("section", "values", "message"),
    [
        ("augment", {"semitones_min": 3, "semitones_max": 2}, "augment: semitones_min must not be above semitones_max"),
        ("encode", {"pitch_min": 60, "pitch_max": 70}, "encode: pitch_min and pitch_max must span an octave at least"),
        ("split", {"validation": 0.5, "test": 0.5}, "split: validation and test must leave a share for training"),
    ],
)
def test_values_that_do_not_go_together_are_an_error(
    section: str, values: dict[str, Any], message: str, tmp_path: Path
) -> None:
    content = copy.deepcopy(GOOD)
    content[section] |= values
    with pytest.raises(ParamsError, match=rf"params\.yaml, {message}"):
        params.load(section, path=write(tmp_path / "params.yaml", content))


def test_bounds_of_values_that_go_together_are_allowed(tmp_path: Path) -> None:
    content = copy.deepcopy(GOOD)
    content["augment"] |= {"semitones_min": 2, "semitones_max": 2}
    content["encode"] |= {"pitch_min": 60, "pitch_max": 71}
    params.check(content, tmp_path)


def test_an_unknown_section_is_named_whatever_was_asked_for(tmp_path: Path) -> None:
    content = {**GOOD, "colour": {}}
    message = r"params\.yaml: unknown section 'colour'; the sections are download, filter"
    with pytest.raises(ParamsError, match=message):
        params.check(content, tmp_path / "params.yaml")
    with pytest.raises(ParamsError, match=message):
        params.load("train", path=write(tmp_path / "params.yaml", content))


@pytest.mark.parametrize("section", GOOD)
def test_a_missing_section_is_named(section: str, tmp_path: Path) -> None:
    content = {name: keys for name, keys in GOOD.items() if name != section}
    with pytest.raises(ParamsError, match=rf"params\.yaml: section '{section}' is missing; it holds "):
        params.load(section, path=write(tmp_path / "params.yaml", content))


@pytest.mark.parametrize("value", [None, 3, "text", [1]])
def test_a_section_that_is_no_mapping_is_an_error(value: Any, tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match=r"params\.yaml, model: .* found; input should be a valid dictionary"):
        params.load("model", path=write(tmp_path / "params.yaml", {**GOOD, "model": value}))


def test_a_mistake_in_any_section_is_found_whatever_was_asked_for(tmp_path: Path) -> None:
    path = write(tmp_path / "params.yaml", with_value("evaluate", "excerpt_beets", 4))
    with pytest.raises(ParamsError, match=r"evaluate\.excerpt_beets: unknown key"):
        params.load("download", path=path)


@pytest.mark.parametrize(
    "path",
    [
        *(ROOT / name for name in ("params.yaml", "dvc.yaml", "gate.yaml", "experiments/experiments.yaml")),
        *sorted((ROOT / "profiles").glob("*.yaml")),
    ],
    ids=lambda path: path.name,
)
def test_our_files_mean_the_same_by_yaml_1_1_and_1_2(path: Path) -> None:
    assert yaml.safe_load(path.read_text(encoding="utf-8")) == params.read_yaml(path)


@pytest.mark.parametrize("content", ["a: [1\n", "a: b: c\n", "\ta: 1\n", "model:\n  units: 1\n  units: 2\n", "a: =\n"])
def test_broken_yaml_is_one_line(content: str, tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text(content)
    with pytest.raises(ParamsError, match=r"params\.yaml: not valid YAML \(") as caught:
        params.load("model", path=tmp_path / "params.yaml")
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_text_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_bytes(b"a: \xff\xfe")
    with pytest.raises(ParamsError, match=r"params\.yaml: not valid YAML"):
        params.read_yaml(tmp_path / "params.yaml")


@pytest.mark.parametrize(("content", "kind"), [("", "NoneType"), ("- 1\n", "list"), ("text\n", "str")])
def test_a_file_that_is_no_mapping_is_an_error(content: str, kind: str, tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text(content)
    with pytest.raises(ParamsError, match=rf"params\.yaml: {kind} found; a mapping of sections is needed"):
        params.read_yaml(tmp_path / "params.yaml")


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match=r"params\.yaml: cannot be read \(No such file.*run from the project's root"):
        params.load("model", path=tmp_path / "params.yaml")


def test_ids_that_yaml_reads_as_numbers_are_ids(tmp_path: Path) -> None:
    path = write(tmp_path / "params.yaml", with_value("interpolate", "pairs", [[2104, 2178]]))
    (section,) = params.load("interpolate", path=path)
    assert section.pairs == [["2104", "2178"]]


def test_a_value_that_fits_none_of_several_kinds_is_one_problem(tmp_path: Path) -> None:
    path = write(tmp_path / "params.yaml", with_value("interpolate", "pairs", 3))
    with pytest.raises(ParamsError) as caught:
        params.load("interpolate", path=path)
    assert str(caught.value).count("interpolate.pairs") == 1


def test_the_key_of_old_for_one_source_says_what_it_is_called_now(tmp_path: Path) -> None:
    content = with_value("download", "source", "musicnet")
    del content["download"]["sources"]
    with pytest.raises(ParamsError, match=r"sources: \[musicnet\]"):
        params.load("download", path=write(tmp_path / "params.yaml", content))


@pytest.mark.parametrize(
    "name", ["free", "auto", "C major", "a minor", "F# minor", "Bb major", "E-flat major", "g sharp minor"]
)
def test_names_of_keys_are_those_that_are_read_later(name: str, tmp_path: Path) -> None:
    path = write(tmp_path / "params.yaml", with_value("interpolate", "key", name))
    (section,) = params.load("interpolate", path=path)
    assert section.key == name
    assert name in (keys.FREE, keys.AUTO) or keys.parse(name)
