"""The command ``stanch``."""

import sys

from rich.console import Console
from rich.text import Text

from runtime.errors import StartError
from runtime.logs import setup_logs
from stanch.cli.app import app


def main() -> None:
    """Run the command line; a refusal to start is told in plain words, with exit status 2."""
    setup_logs("WARNING")
    try:
        app()
    except StartError as error:
        Console(stderr=True).print(Text(str(error), style="red"), soft_wrap=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
