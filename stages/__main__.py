"""What the last run made: `python -m stages` names the files to listen to and look at, and the main figures."""

import argparse

from quartetvae import errors
from quartetvae.pipeline import leftovers, locations, summary


def main() -> None:
    """Print the summary, or remove what trainings left."""
    parser = argparse.ArgumentParser(prog="python -m stages", description=(__doc__ or "").strip())
    parser.add_argument(
        "--clean",
        nargs="?",
        type=int,
        const=leftovers.OLD,
        metavar="DAYS",
        help="instead, remove checkpoints of trainings that did not end and that were not written to for so many days "
        "(%(const)s; 0: of all), and say which",
    )
    days = parser.parse_args().clean
    if days is None:
        summary.main()
    else:
        print(leftovers.clean(locations.CHECKPOINTS, days))


if __name__ == "__main__":
    errors.run(main)
