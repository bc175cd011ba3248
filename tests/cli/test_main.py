import argparse
import importlib
import subprocess
import sys

import pytest

from resviz.cli import COMMANDS, main
from resviz.cli.output import table


def test_every_command_explains_itself(capsys):
    for name in COMMANDS:
        with pytest.raises(SystemExit) as ended:
            main([name, "--help"])
        assert ended.value.code == 0
        assert f"resviz {name}" in capsys.readouterr().out


def test_every_option_is_explained():
    for name in COMMANDS:
        parser = argparse.ArgumentParser()
        importlib.import_module(COMMANDS[name][0]).register(name, parser)
        for action in parser._actions:
            assert action.help, f"{name} {action.dest}"


def test_unknown_command_names_the_nearest(capsys):
    assert main(["trian"]) == 2
    assert capsys.readouterr().err == "error: There is no command 'trian': did you mean 'train'?\n"


def test_missing_argument_is_one_line(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["train"])
    assert ended.value.code == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_version():
    words = [sys.executable, "-m", "resviz", "--version"]
    assert subprocess.run(words, capture_output=True, text=True, check=True).stdout.startswith("resviz ")


@pytest.mark.parametrize("name", ["train", "runs", "demo", "worker"])
def test_commands_that_start_workers_load_no_torch_themselves(name):
    code = (
        "import sys, contextlib\nfrom resviz.cli import main\n"
        f"with contextlib.suppress(SystemExit): main([{name!r}, '--help'])\n"
        "assert not {'torch', 'captum', 'torchvision'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


def test_table_sets_numbers_flush_right():
    text = table(("run", "error"), [["a", "7.50 %"], ["long-name", "12.25 %"]])
    assert text.splitlines() == ["run          error", "a           7.50 %", "long-name  12.25 %"]
