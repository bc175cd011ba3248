"""The report of an experiment, read back as a browser would."""

import base64
import re
import shutil
import statistics
import time
from io import BytesIO

import html5lib
import msgspec
import pytest
from PIL import Image

from resviz.arch.presets import preset
from resviz.cli import main
from resviz.errors import RunError
from resviz.report.page import report, write_report
from resviz.runs import labels
from resviz.runs.events import Changed, Forked, Noted, RateChanged, Started, Stepped
from resviz.runs.run import EventLog
from resviz.runs.series import load
from resviz.runs.store import create_experiment
from resviz.train.recipe import Recipe
from tests.app.plots.fake_runs import fake_events

CIFAR = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
SVG = "{http://www.w3.org/2000/svg}"
HTML = "{http://www.w3.org/1999/xhtml}"


def experiment(folder, *names, iterations=200, classes=(), **options):
    made = create_experiment(
        [preset(name) for name in names], Recipe(iterations=1000, milestones=(500,)), out=folder
    )
    for run, name in zip(made.runs, names, strict=True):
        plain, depth = name.startswith("plain"), int(name.split("-")[1])
        events = fake_events(plain, depth=depth, iterations=1000, done=iterations, **options)
        known = {"classes": classes, "threads": 2, "versions": "resviz 0.1.0, torch 2.14.1"}
        events[0] = msgspec.structs.replace(events[0], **known)
        with EventLog(run) as log:
            log.write(*events)
    return made


def parsed(page):
    """Return the page's tree; what no browser should have to mend is an error."""
    return html5lib.HTMLParser(strict=True).parse(page)


def text_of(node):
    return " ".join("".join(node.itertext()).split())


@pytest.fixture
def pair(tmp_path):
    return experiment(tmp_path / "experiment", "plain-20", "resnet-20")


def test_one_file_with_nothing_from_elsewhere(pair):
    page = report(pair.runs)
    tree = parsed(page)
    assert not {node.tag for node in tree.iter()} & {
        f"{HTML}{tag}" for tag in ("script", "link", "img", "iframe")
    }
    assert "@import" not in page
    assert not re.findall(r"url\((?!#)", page)
    pictures = list(tree.iter(f"{SVG}image"))
    assert len(pictures) == 3, "the gradients of both, the residual magnitudes of one"
    for picture in pictures:
        kind, _, data = picture.get("href").partition(",")
        assert kind == "data:image/png;base64"
        assert Image.open(BytesIO(base64.b64decode(data))).size[1] in (9, 19)
    ids = [node.get("id") for node in tree.iter() if node.get("id")]
    assert len(ids) == len(set(ids))
    for used in re.findall(r"url\(#([\w-]+)\)", page):
        assert used in ids


def test_every_figure_says_what_it_shows(pair):
    tree = parsed(report(pair.runs))
    titles = [text_of(figure.find(f"{HTML}h3")) for figure in tree.iter(f"{HTML}figure")]
    assert titles == [
        "Error", "Twin difference", "Learning rate", "Gradient norm", "Gradient norm over time",
        "Residual magnitude", "Residual magnitude over time", "Layer responses", "Layer responses, sorted",
    ]  # fmt: skip
    for figure in tree.iter(f"{HTML}figure"):
        assert text_of(figure.find(f"{HTML}figcaption"))
        svg = figure.find(f"{SVG}svg")
        assert svg.get("role") == "img"
        assert len(svg.get("aria-label")) > 20
    looks = [path.get("class") for path in next(tree.iter(f"{HTML}figure")).iter(f"{SVG}path")]
    assert sorted(looks) == ["dashed r0", "dashed r1", "solid r0", "solid r1"], "training dashed, test solid"


def test_twins_are_judged_in_the_words_of_the_plot(pair):
    page = text_of(parsed(report(pair.runs)))
    assert re.search(r"plain-20 trains \d+\.\d points worse than resnet-20 at iteration 200\.", page)
    assert "this is no overfitting" in page
    assert re.search(
        r"resnet-20 stands at \d+\.\d % training error and .* after 200 of 1,000 iterations\.", page
    )
    assert "paper's own" not in page, "the paper did not train on these pictures"


def test_table_recipe_and_networks(pair):
    tree = parsed(report(pair.runs))
    tables = list(tree.iter(f"{HTML}table"))
    rows = [[text_of(cell) for cell in row] for row in tables[0].iter(f"{HTML}tr")]
    assert rows[0][:3] == ["Run", "Layers", "Parameters"]
    assert [row[0] for row in rows[1:]] == ["plain-20", "resnet-20"]
    assert rows[1][1] == "20"
    assert rows[1][3] == "200of 1,000"
    assert rows[1][7] == "cpu, 2 threadsfloat32"
    parts = [[text_of(cell) for cell in row] for row in tables[2].iter(f"{HTML}tr")]
    assert parts[3][:3] == ["stage 2", "3 × Basic block, shortcut A", "32 × 16 × 16"]
    page = text_of(tree)
    assert "SGD with momentum 0.9, batch 128" in page
    assert "269,722 parameters, 40.55 M multiply-adds" in page
    assert "Trained with resviz 0.1.0, torch 2.14.1." in page
    assert '"learning_rate": 0.1' in page, "the recipe as a file"


def test_one_run_is_told_beside_the_papers(tmp_path):
    made = experiment(tmp_path / "e", "resnet-56", classes=CIFAR)
    with EventLog(made.runs[0]) as log:
        log.write(Changed(1e9, 200, "finished"))
    page = text_of(parsed(report(made.runs)))
    assert re.search(
        r"resnet-56 ended at .* iterations; the paper's own at 0\.1 % and 7\.05 % after 64,000\.", page
    )
    assert "Twin difference" not in page


def test_what_was_changed_is_told(tmp_path):
    made = experiment(tmp_path / "e", "resnet-20")
    run = made.runs[0]
    lines = run.events_path.read_bytes()
    run.events_path.unlink()
    with EventLog(run) as log:
        log.write(Forked(1e9, 0, "/there/parent", None, ("learning_rate: 0.1 -> 0.05",)))
    with run.events_path.open("ab") as file:
        file.write(lines)
    with EventLog(run) as log:
        log.write(RateChanged(120, 0.1, 0.005), Noted(1e9, 130, "Warm-up ended: <the> error is under 80 %."))
    page = text_of(parsed(report(made.runs)))
    assert "forked from parent at the initial weights, with learning_rate: 0.1 → 0.05." in page
    assert "At iteration 120: learning rate set to 0.005 by hand." in page
    assert "Warm-up ended: <the> error is under 80 %." in page


def test_runs_of_one_name_are_told_apart_and_damaged_files_do_no_harm(tmp_path):
    first = experiment(tmp_path / "first", "plain-20")
    second = experiment(tmp_path / "second", "plain-20")
    (second.runs[0].path / "architecture.json").write_text("{")
    (second.runs[0].path / "recipe.json").write_text("{")
    page = text_of(parsed(report([*first.runs, *second.runs], "Two <of> a kind")))
    assert "plain-20 (first)" in page
    assert "plain-20 (second)" in page
    assert "Two <of> a kind" in page


def test_a_run_just_begun_and_one_without_probes(tmp_path):
    made = create_experiment([preset("resnet-20"), preset("plain-20")], Recipe(), out=tmp_path / "e")
    start = Started(1e9, 0, 100, 10.0, 128, 0, "cpu", "float32", 1, ("a",), ("b",), ("a",))
    with EventLog(made.runs[0]) as log:
        log.write(start)
    with EventLog(made.runs[1]) as log:
        log.write(start, Stepped(1e9, 1, None, 90.0, 0.1, 100.0), Changed(1e9, 1, "failed", "It diverged."))
    page = text_of(parsed(report(made.runs)))
    assert "resnet-20 has no error yet after 0 of 100 iterations." in page
    assert "plain-20 diverged" in page
    assert "It diverged." in page


def test_labels_are_told(pair):
    labels.change(pair.path, title="The demonstration", note="Shown in <class>.")
    labels.change(
        pair.runs[0].path, title="Without", tags=("lecture", "week 3"), note="It is\nslow.", colour="sky"
    )
    page = report(pair.runs)
    text = text_of(parsed(page))
    assert text.startswith("The demonstration")
    assert "Shown in <class>." in text
    assert "Without trains" in text, "twins are known by their folders"
    assert "lecture, week 3" in text
    assert "It is<br>slow." in page
    assert ".r0 { --run: #5299a1; } .r1 { --run: #006f9e; }" in page


def test_seeds_are_taken_together(tmp_path):
    networks = [preset("plain-20"), preset("resnet-20")]
    made = create_experiment(networks, Recipe(iterations=1000), out=tmp_path / "e", seeds=(0, 1, 2))
    for run in made.runs:
        seed = run.recipe().seed
        events = fake_events(run.name.startswith("plain"), depth=20, iterations=1000, done=100, seed=seed)
        with EventLog(run) as log:
            log.write(*events)
    tree = parsed(report(made.runs))
    text = text_of(tree)
    assert re.search(
        r"plain-20 trains \d+\.\d points worse than resnet-20 at iteration 100, in the mean of 3 seeds "
        r"\(\+\d+\.\d to \+\d+\.\d\)\.",
        text,
    )
    table = list(tree.iter(f"{HTML}table"))[1]
    rows = [[text_of(cell) for cell in row] for row in table.iter(f"{HTML}tr")]
    assert rows[0] == ["Over seeds", "Runs", "Training error", "Test error", "Best"]
    assert [row[:2] for row in rows[1:]] == [["plain-20", "3"], ["resnet-20", "3"]]
    tests = [load(run.events_path).test_error_pct for run in made.runs if run.name.startswith("resnet")]
    assert rows[2][3] == f"{statistics.mean(tests):.2f} ± {statistics.stdev(tests):.2f} %"
    assert rows[2][4] == f"{min(tests):.2f} %"


def test_nothing_begun_is_one_sentence(tmp_path):
    made = create_experiment([preset("resnet-20")], Recipe(), out=tmp_path / "e")
    with pytest.raises(RunError, match="None of these runs has begun, so there is nothing to report"):
        write_report(made.runs, tmp_path / "r.html")


def test_long_runs_stay_small_and_quick(tmp_path):
    made = experiment(tmp_path / "e", "plain-56", "resnet-56", iterations=1000)
    twice = [
        shutil.copytree(run.path, tmp_path / "f" / f"{run.name}-{place}")
        for run in made.runs
        for place in (1, 2)
    ]
    begin = time.process_time()
    assert main(["report", *map(str, twice), "-o", str(tmp_path / "r.html")]) == 0
    assert time.process_time() - begin < 10
    assert (tmp_path / "r.html").stat().st_size < 1e6
    parsed((tmp_path / "r.html").read_text(encoding="utf-8"))


def test_command_writes_and_complains(pair, tmp_path, capsys):
    out = tmp_path / "report.html"
    assert main(["report", str(pair.path), "-o", str(out), "--json"]) == 0
    assert msgspec.json.decode(capsys.readouterr().out.splitlines()[-1]) == {"file": str(out)}
    assert out.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert main(["report", str(tmp_path / "nowhere"), "-o", str(out)]) == 2
    assert "There is no folder" in capsys.readouterr().err


def test_one_run_of_several_has_its_own_title(tmp_path):
    made = experiment(tmp_path / "both", "plain-20", "resnet-20")
    assert "<title>plain-20 and resnet-20</title>" in report(made.runs)
    assert "<title>resnet-20</title>" in report(made.runs[1:])


def test_a_folder_that_is_neither_run_nor_experiment_is_refused(tmp_path, capsys):
    experiment(tmp_path / "both", "plain-20")
    assert main(["report", str(tmp_path), "-o", str(tmp_path / "x.html")]) == 2
    assert "neither a run nor an experiment" in capsys.readouterr().err
    assert not (tmp_path / "x.html").exists()


def test_a_short_training_is_not_said_to_be_the_papers(tmp_path):
    page = report(experiment(tmp_path / "both", "plain-20", "resnet-20").runs)
    assert "200 iterations show how fast the two learn, not where they end" in page
