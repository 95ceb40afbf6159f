"""What the last run made: `python -m stages` names the files to listen to and look at, and the main figures."""

from quartetvae import errors
from quartetvae.pipeline import summary

if __name__ == "__main__":
    errors.run(summary.main)
