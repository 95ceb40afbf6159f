"""Stage `filter`: a row for every file read, with the decision on it and the reason."""

from pathlib import Path

from quartetvae import corpus, dataset, errors, files, params


def main() -> None:
    """Survey data/raw."""
    (section,) = params.load("filter")
    table = corpus.survey(Path("data/raw"), match=section.match)
    figures = corpus.counts(table)
    dataset.write_quartets(Path("data/quartets.parquet"), table)
    files.write_json(Path("metrics/filter.json"), figures)
    print("{files_read} files read, {selected} quartets selected, of {works} works".format(**figures))


if __name__ == "__main__":
    errors.run(main)
