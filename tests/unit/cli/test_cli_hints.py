"""Every option that a hint or an error names exists, and `--force` is named only where there is one."""

import ast
import re
import shutil
from pathlib import Path

import pytest

import zkharvest
from tests.support.proofs import SMALL, page_file, small_chain, small_pages
from zkharvest.cli import main
from zkharvest.cli.commands import app
from zkharvest.cli.output import ExitCode
from zkharvest.cli.straight import RENAMED
from zkharvest.workflow.own_folder import write_pages

ROOT = Path(zkharvest.__file__).parent
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z0-9-]*[a-z0-9]")
STYLE = re.compile(r"var\(--|--[a-z-]+: ?[#\w]+;|--[a-z-]+:#")  # a style sheet's variables
FOREIGN = {"--editable", "--unreleased"}  # of other programs, and of `python -m zkharvest.circuit.publish`


def commands(command, path=()):
    below = getattr(command, "commands", None)
    if below is None:
        yield path, command
    else:
        for name, part in below.items():
            yield from commands(part, (*path, name))


@pytest.fixture(scope="module")
def options():
    """Command -> its options."""
    from typer.main import get_command

    top = get_command(app)
    general = {name for parameter in top.params for name in (*parameter.opts, *parameter.secondary_opts)}
    return {
        path: general | {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
        for path, command in commands(top)
    }


def texts(path):
    """Every piece of text in a module that is not a docstring."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documented = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documented:
            yield node.value


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_option_that_a_text_names_exists(path, options):
    known = {name for names in options.values() for name in names} | FOREIGN | {"--help", *RENAMED}
    known |= {f"{name.removesuffix('-file')}" for name in known if name.endswith("-file")}  # put together elsewhere
    named = {name for text in texts(path) if not STYLE.search(text) for name in OPTION.findall(text)}
    assert named <= known


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "trades.csv").write_text(SMALL)
    (tmp_path / "p.zkh").write_bytes(small_chain().package)
    write_pages("own", small_pages(), passphrase=None)
    assert main(["--quiet", "keygen", "-o", "my.key", "--public", "my.pub", "--no-passphrase"]) == ExitCode.DONE
    return tmp_path


PROVE = ["prove", "own", "--year", "2025", "--method", "fifo", "--first", "--size", "test"]
WRITERS = [
    ["trades", "import", "trades.csv", "-o"],
    ["commit", "trades.csv", "--currency", "USD", "--no-passphrase", "-o"],
    [*PROVE, "-o"],
    [*PROVE, "-o", "new.zkh", "--no-passphrase", "--carry-out"],
    ["attest", "p.zkh", "--key", "my.key", "-o"],
    ["attest", "page.zkp", "--key", "my.key", "-o"],
    ["page", "seed", "--no-passphrase", "-o"],
    ["keygen", "--no-passphrase", "-o"],
    ["keygen", "--no-passphrase", "-o", "new.key", "--public"],
    ["secret", "backup", "own/seed", "-o"],
    ["secret", "restore", "--words", "my.pub", "--no-passphrase", "-o"],
]
SECRETS = ("other.key", "other.zko", "other.seed")


@pytest.mark.parametrize("words", WRITERS, ids=lambda words: " ".join((*words[:2], *words[-1:])))
def test_no_command_overwrites_a_secret_or_names_an_option_it_lacks(here, capsys, options, words):
    main(["--quiet", "keygen", "-o", "other.key", "--no-passphrase"])
    for name, of in (
        ("other.zko", page_file("own", "kraken:main", "zko")),
        ("other.seed", "own/seed"),
        ("page.zkp", page_file("own", "kraken:main")),
    ):
        shutil.copy(of, name)
    own = next(names for path, names in options.items() if list(path) == words[: len(path)])
    capsys.readouterr()
    for target in (*SECRETS, "trades.csv", "my.pub"):
        before = (here / target).read_bytes()
        forced = ["--force"] if "--force" in own else []
        for more in ([], forced) if target in SECRETS else ([],):
            assert main([*words, target, *more]) == ExitCode.USAGE, (target, more)
            err = capsys.readouterr().err
            assert set(OPTION.findall(err)) <= own, err
            assert (here / target).read_bytes() == before
    assert not any((here / name).exists() for name in ("new", "new.key", "new.zkh"))


@pytest.mark.parametrize("command", ["ledger explain", "ledger what-if", "ledger diff", "report page", "report txf"])
def test_another_country_is_told_what_there_is_for_it(command, options, capsys):
    assert "--regime" not in options[tuple(command.split())]
    assert main([*command.split(), "trades.csv", "--regime", "uk"]) == ExitCode.USAGE
    said = capsys.readouterr().err
    assert f"zkharvest {command} knows the rules of the United States alone" in said
    assert "report sa108 (UK)" in said


def test_a_command_of_another_country_does_not_say_so(capsys):
    assert main(["report", "sa108", "trades.csv", "--regime", "uk"]) == ExitCode.USAGE
    assert "United States" not in capsys.readouterr().err
