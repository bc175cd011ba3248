"""300 damaged files are refused in a sentence or opened; `tests/benchmarks/fuzz.py` opens 10,000."""

from collections import Counter

import pytest

from app.document import Document
from resviz.arch import files
from resviz.arch.files import from_json, load, to_json
from resviz.arch.graph import Architecture
from resviz.errors import FormatError
from tests.damage import FLOODS, SLOWEST, Watch, damaged, outcome


def test_damaged_files_are_refused_in_a_sentence_or_opened_with_problems(qapp, tmp_path):
    watch, found = Watch(), Counter()

    def analysed(architecture):
        document = Document(architecture)
        assert document.inference is not None
        document.deleteLater()

    for number in range(300):
        sort, suffix, data = damaged(number)
        path, times = tmp_path / f"{number}{suffix}", {}
        path.write_bytes(data)
        found[outcome(path, watch, times, analysed)] += 1
        assert watch.seen == [], f"{sort} {number}"
        # A busy machine is slow: the benchmark holds each step to a second.
        assert max(times.values()) < 3 * SLOWEST, f"{sort} {number}: {times}"
    assert min(found["refused"], found["problems"], found["sound"]) > 5


@pytest.mark.parametrize("name", ["a block too many", "memory without end", "one name", "too large"])
def test_what_is_far_too_much_is_refused(name, tmp_path):
    path = tmp_path / "flood.json"
    path.write_bytes(FLOODS[name]())
    with pytest.raises(FormatError) as caught:
        load(path)
    assert len(str(caught.value)) < 400


def test_what_could_not_be_opened_again_is_not_written():
    architecture = Architecture("many")
    for _ in range(3):
        architecture.add("relu")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "MOST_BLOCKS", 3)
        assert from_json(to_json(architecture)) == architecture
        architecture.add("relu")
        with pytest.raises(FormatError, match="remove some"):
            to_json(architecture)
