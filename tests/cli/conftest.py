from __future__ import annotations

import json

import pytest

from resviz.cli import main


@pytest.fixture
def command(capsys):
    """Run a command in this process; return its exit code, its JSON answer (or text) and its stderr."""

    def call(*words, json_answer=True):
        code = main([*map(str, words), *(["--json"] if json_answer else [])])
        said = capsys.readouterr()
        lines = said.out.splitlines()
        return code, json.loads(lines[-1]) if json_answer and lines else said.out, said.err

    return call
