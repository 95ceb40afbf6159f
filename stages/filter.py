"""Stage `filter`: a row for every file read, with the decision on it and the reason."""

import functools

from tqdm import tqdm

from quartetvae import errors, files
from quartetvae.corpus import encoding, survey, tables
from quartetvae.pipeline import locations, params


def main() -> None:
    """Survey data/raw."""
    section, encode = params.load("filter", "encode")
    grid = encoding.grid_for(encode)
    progress = functools.partial(tqdm, desc="filter", unit="file")
    table = survey.survey(locations.RAW, match=section.match, prefer=section.prefer, grid=grid, progress=progress)
    figures = survey.figures(table)
    tables.write_quartets(locations.QUARTETS, table)
    files.write_json(locations.metrics("filter"), figures)
    print("{files_read} files read, {selected} quartets selected, of {works} works".format(**figures))


if __name__ == "__main__":
    errors.run(main)
