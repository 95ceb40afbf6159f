"""The command `quartetvae`, for people with music of their own.

Results go to standard output, all else to standard error. Exit status: 0 done, 1 something is wrong with the input, 2
wrong usage.
"""

import importlib
import os

import click

from quartetvae import errors

# Before NumPy is imported. The network's products are small: threads would wait for each other, and where another
# program computes beside this one, for long.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

COMMANDS = {
    **dict.fromkeys(
        ("interpolate", "reconstruct", "sample", "vary", "morph", "nearest", "encode", "decode", "inspect"), "music"
    ),
    **dict.fromkeys(("infill", "harmonise", "continue", "bridge"), "composing"),
    "listen": "studio",
    **dict.fromkeys(("features", "compare", "match"), "measures"),
    **dict.fromkeys(("export-split", "score"), "splits"),
    "study": "study",
}
"""The commands, and the module beside this one that has each; imported when asked for, since that takes time."""


class Commands(click.Group):
    """A group that imports a command's module when the command is run."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the commands, in the order of `COMMANDS`."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Find the command of a name."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"{__name__}.{COMMANDS[cmd_name]}")
        # `continue` and `export-split` are no names in Python.
        name = cmd_name.replace("-", "_")
        command: click.Command = vars(module).get(name) or vars(module)[f"{name}_"]
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="quartetvae")
def app() -> None:
    """Find the music between two string quartets, vary it, complete it, and compare collections.

    \b
    Examples:
      quartetvae interpolate a.mid b.mid
      quartetvae vary quartet.musicxml --amount 0.5 --as mid,ogg
      quartetvae COMMAND --help
    """


def main() -> None:
    """Run the command."""
    errors.run(app)
