"""Stage `filter`: a row for every file read, with the decision on it and the reason."""

from quartetvae import errors, files, machine
from quartetvae.corpus import encoding, survey, survey_figures, tables
from quartetvae.pipeline import locations, params, sharding


def main() -> None:
    """Survey data/raw."""
    section, encode = params.load("filter", "encode")
    grid = encoding.grid_for(encode)
    shards = sharding.shards("filter")
    with survey.surveyed(
        locations.RAW, match=section.match, prefer=section.prefer, grid=grid, shards=shards
    ) as decisions:
        tables.write_quartets(locations.QUARTETS, decisions.rows())
    machine.release()
    figures = survey_figures.figures(tables.read_quartets(locations.QUARTETS, survey_figures.COUNTED))
    files.write_json(locations.metrics("filter"), figures)
    print("{files_read} files read, {selected} quartets selected, of {works} works".format(**figures))


if __name__ == "__main__":
    errors.run(main)
