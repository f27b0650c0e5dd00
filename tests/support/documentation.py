"""The documentation's blocks of code, and what its commands print now.

    PYTHONPATH=. python tests/support/documentation.py      writes the real output under every `$ tuning ...` of docs/

A `console` block that begins with `$ tuning` is a command with its output. The commands of all pages run in order, in
one folder. A Python block that begins with `# name.py` is written there as that file.
"""

import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from typer.testing import CliRunner

from tuning.cli import main

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "docs" / f"{name}.md" for name in ("commands", "json")]
COLUMNS = "100"

_BLOCK = re.compile(r"^```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_DURATION = re.compile(r"(?<![\w.])\d+(\.\d+)?( s| min|(?= h \d\d min))\b")
_SECONDS = re.compile(r'("(?:worker_)?seconds(?:_left)?": )[-+.\de]+')


def blocks(page: Path, kind: str) -> Iterator[str]:
    for match in _BLOCK.finditer(page.read_text()):
        if match["kind"] == kind:
            yield match["text"]


def commands(page: Path) -> dict[str, str]:
    """The command lines of a page, without `$`, and the output shown under each."""
    shown = {}
    for block in blocks(page, "console"):
        line, _, output = block.partition("\n")
        if line.startswith("$ tuning"):
            shown[line.removeprefix("$ ")] = output
    return shown


def printed() -> dict[Path, dict[str, str]]:
    """What the commands of each page print now."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            outputs: dict[Path, dict[str, str]] = {}
            for page in PAGES:
                for block in blocks(page, "python"):
                    if title := re.match(r"# (\w+\.py)\n", block):
                        Path(title[1]).write_text(block)
                outputs[page] = {line: _output(line) for line in commands(page)}
            return outputs
        finally:
            os.chdir(before)


def _output(line: str) -> str:
    runner = CliRunner(env={"COLUMNS": COLUMNS, "NO_COLOR": "1"})
    output = runner.invoke(main.app, line.split()[1:], prog_name="tuning").output
    return "".join(f"{row.rstrip()}\n" for row in output.strip("\n").splitlines())


def comparable(output: str) -> str:
    """Output without what differs from run to run: durations, and the column widths and line breaks they change."""
    output = _SECONDS.sub(r"\1T", _DURATION.sub("T", output))
    return re.sub(r"─+", "─", " ".join(output.split()))


def rewrite() -> None:
    for page, outputs in printed().items():
        text = page.read_text()
        for line, output in outputs.items():
            shown = commands(page)[line]
            if comparable(shown) == comparable(output):  # only durations differ
                continue
            old = f"```console\n$ {line}\n{shown}```"
            text = text.replace(old, f"```console\n$ {line}\n{output}```")
        page.write_text(text)


if __name__ == "__main__":
    rewrite()
