"""Rewrite what the README quotes of the program's help: `python docs/quote_help.py README.md`.

A quote stands between `<!-- help: COMMAND -->` and `<!-- /help -->`.
"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

_QUOTE = re.compile(r"<!-- help: (?P<command>zkharvest [^\n]*?) -->\n.*?<!-- /help -->", re.DOTALL)


def requote(text: str) -> str:
    """The text with every quote as the program says it now."""
    return _QUOTE.sub(_quote, text)


def _quote(match: re.Match[str]) -> str:
    command = match["command"]
    program = [sys.executable, "-m", *shlex.split(command)]
    environment = os.environ | {"COLUMNS": "110", "NO_COLOR": "1"}
    done = subprocess.run(program, check=True, capture_output=True, text=True, env=environment)
    return f"<!-- help: {command} -->\n```\n{done.stdout.strip()}\n```\n<!-- /help -->"


if __name__ == "__main__":
    readme = Path(sys.argv[1])
    readme.write_text(requote(readme.read_text(encoding="utf-8")), encoding="utf-8")
