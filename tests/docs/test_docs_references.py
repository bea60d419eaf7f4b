"""What the documents name exists: files, functions, sections, commands with their options, make targets.

A reference is code in backquotes: `zkharvest/verifier/fri.py`, `zkharvest/verifier/fri.py: fold, inverse_dft`,
`tests/fuzz/`, `make audit`, `zkharvest circuits show`, `--carried-in`; or a link.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest
import typer

from tests.support.counts import count
from zkharvest.cli.commands import app

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*(ROOT / "docs").rglob("*.md"), ROOT / "SECURITY.md", ROOT / "CONTRIBUTING.md"])
PACKAGE = ROOT / "zkharvest"

CODE = re.compile(r"`([^`]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"^    \S.*$", re.MULTILINE)
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
FILE = re.compile(r"[\w.<>*-]+(?:/[\w.<>*+-]+)+/?|[\w.-]+/")
SUFFIXES = {".py", ".md", ".json", ".toml", ".txt", ".mjs", ".js", ".zkh", ".csv"}
VERSIONED = re.compile(r".*/v?\d+")  # a circuit's or schema's name, a tag of a hash: not a path


@cache
def names_in(path: Path) -> frozenset[str]:
    """Functions, classes, methods (`Class.method`) and constants of a module."""
    found: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                found.add(name)
            case ast.ClassDef(name=name, body=body):
                found |= {name, *(f"{name}.{part.name}" for part in body if isinstance(part, ast.FunctionDef))}
                found |= {f"{name}.{part.target.id}" for part in body if isinstance(part, ast.AnnAssign)}
            case ast.AnnAssign(target=ast.Name(id=name)):
                found.add(name)
            case ast.Assign(targets=targets):
                for target in targets:
                    found |= {part.id for part in ast.walk(target) if isinstance(part, ast.Name)}
    return frozenset(found)


@cache
def commands() -> dict[str, frozenset[str]]:
    """Every command's words, and its options; "" is the program itself."""
    found: dict[str, frozenset[str]] = {}

    def visit(command, words):
        found[words] = frozenset(word for part in command.params for word in (*part.opts, *part.secondary_opts))
        for name, inner in getattr(command, "commands", {}).items():
            visit(inner, f"{words} {name}".strip())

    visit(typer.main.get_command(app), "")
    return found


@cache
def targets() -> frozenset[str]:
    return frozenset(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


@cache
def sections(path: Path) -> frozenset[str]:
    """The anchors that a code host gives to the headings of a document."""
    plain = (re.sub(r"[`*]", "", heading).lower() for heading in HEADING.findall(path.read_text(encoding="utf-8")))
    return frozenset(re.sub(r"[^\w\- ]", "", heading).strip().replace(" ", "-") for heading in plain)


def is_path(code: str) -> bool:
    """Whether code in backquotes means something in the tree."""
    if not FILE.fullmatch(code) or any(mark in code for mark in "<>") or "NNNN" in code:
        return False
    first = code.partition("/")[0]
    if code.endswith("/") or Path(code).suffix in SUFFIXES:
        return True
    return (ROOT / first).is_dir() and not VERSIONED.fullmatch(code)


def exists(code: str, document: Path) -> bool:
    """Whether a path is there, seen from the root, from the document or (a room's short name) from the package."""
    places = (ROOT, document.parent, PACKAGE)
    return any(any(place.glob(code)) if "*" in code else (place / code).exists() for place in places)


def command_fault(line: str) -> str | None:
    """What is wrong with a command line that begins with `zkharvest`, up to a comment."""
    words = line.partition(" #")[0].split()[1:]
    depth = next((k for k in (2, 1) if len(words) >= k and " ".join(words[:k]) in commands()), 0)
    command = " ".join(words[:depth])
    is_group = not command or any(name.startswith(f"{command} ") for name in commands())
    if is_group and len(words) > depth and not words[depth].startswith("-"):
        return f"there is no command {words[depth]}"
    options = commands()[command]
    wrong = [word for word in words[depth:] if word.startswith("-") and word.partition("=")[0] not in options]
    return f"{line}: there is no option {', '.join(wrong)}" if wrong else None


def code_fault(code: str, document: Path) -> str | None:
    """What is wrong with one piece of code; None if nothing is, or it is no reference."""
    path, colon, wanted = code.partition(": ")
    if colon and path.endswith(".py"):
        if not (ROOT / path).is_file():
            return f"there is no {path}"
        missing = [name for name in wanted.split(", ") if name not in names_in(ROOT / path)]
        return f"{path} has no {', '.join(missing)}" if missing else None
    if code.startswith("make "):
        unknown = [word for word in code.partition(" #")[0].split()[1:] if "=" not in word and word not in targets()]
        return f"there is no target {', '.join(unknown)}" if unknown else None
    if code.startswith("zkharvest "):
        return command_fault(code)
    if re.fullmatch(r"--[a-z-]+", code):
        everywhere = frozenset[str]().union(*commands().values())
        return None if code in everywhere else f"no command has the option {code}"
    if is_path(code):
        return None if exists(code, document) else f"there is no {code}"
    return None


def link_fault(link: str, document: Path) -> str | None:
    """What is wrong with a link into the tree."""
    if re.match(r"[a-z]+:", link):
        return None
    path, _, anchor = link.partition("#")
    target = (document.parent / path).resolve() if path else document
    if not target.exists():
        return f"there is no {link}"
    if anchor and anchor not in sections(target):
        return f"{target.name} has no section #{anchor}"
    return None


def faults(text: str, document: Path) -> tuple[int, list[str]]:
    """How many references and links a document has, and what is wrong with them."""
    text = FENCE.sub("", text)
    pieces = [" ".join(code.split()) for code in CODE.findall(text)]
    pieces += [line.strip() for line in INDENTED.findall(text) if line.strip().startswith(("make ", "zkharvest "))]
    links = LINK.findall(text)
    found = [code_fault(code, document) for code in pieces] + [link_fault(link, document) for link in links]
    return len(pieces) + len(links), [fault for fault in found if fault]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_a_document_names_exists(document):
    number, wrong = faults(document.read_text(encoding="utf-8"), document)
    assert not wrong, "\n".join(wrong)
    count("references in documents", number)


@pytest.mark.parametrize(
    "step", ["Statement", "Main columns", "Bus columns", "Quotient", "Evaluations", "DEEP", "FRI", "Final"]
)
def test_every_step_of_the_protocol_names_both_sides(step):
    text = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
    rounds = text.partition("## 3. ")[2].partition("## 4. ")[0]
    part = next(part for part in re.split(r"\n\n(?=\*\*)", rounds) if step in part.partition("**")[2][:40])
    named = {code.partition("/")[2].partition("/")[0] for code in CODE.findall(part) if code.startswith("zkharvest/")}
    both = {"verifier"} if step == "Statement" else {"prover", "verifier"}  # the statement is one object on both sides
    assert both <= named


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("`zkharvest/verifier/nowhere.py`", "there is no zkharvest/verifier/nowhere.py"),
        ("`zkharvest/verifier/fri.py: fold, unfold`", "zkharvest/verifier/fri.py has no unfold"),
        ("`zkharvest/verifier/messages.py: Rounds.seventh`", "zkharvest/verifier/messages.py has no Rounds.seventh"),
        ("`zkharvest/verifier/\nfri.py: fold`", "there is no zkharvest/verifier/ fri.py"),
        ("`tests/nothing/`", "there is no tests/nothing/"),
        ("`vectors/*.nothing`", "there is no vectors/*.nothing"),
        ("`make nonsense`", "there is no target nonsense"),
        ("    make nonsense   # in a block", "there is no target nonsense"),
        ("`zkharvest falsify`", "there is no command falsify"),
        ("`zkharvest circuits hide`", "there is no command hide"),
        ("`zkharvest verify a.zkh --blindly`", "zkharvest verify a.zkh --blindly: there is no option --blindly"),
        ("`--blindly`", "no command has the option --blindly"),
        ("[x](nowhere.md)", "there is no nowhere.md"),
        ("[x](../SECURITY.md#nowhere)", "SECURITY.md has no section #nowhere"),
    ],
)
def test_what_does_not_exist_is_noticed(text, said):
    assert faults(text, ROOT / "docs" / "x.md")[1] == [said]


def test_what_only_looks_like_a_reference_is_none():
    text = "`p/2` `zkharvest/verdict/1` `lot-machine/v2` `circuits/<name>/v<N+1>/` `source/id` `H(s)` `x: y` `1/(2m)`"
    assert faults(text, ROOT / "docs" / "x.md")[1] == []
