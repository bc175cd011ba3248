import pytest

from app.lab.data_field import DATA_SETS, DataField
from app.lab.fields import NumberField, parse_count, parse_number


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("6400", 6400),
        ("6,400", 6400),
        ("6 400", 6400),
        ("64k", 64_000),
        ("", None),
        ("-1", None),
        ("1.5", None),
        ("abc", None),
    ],
)
def test_counts_as_people_type_them(text, count):
    assert parse_count(text) == count


def test_numbers_with_point_or_comma():
    assert parse_number("0.1") == parse_number("0,1") == 0.1
    assert parse_number("1e-3") == 0.001
    assert parse_number("x") is None


def test_wrong_input_is_told_under_the_field(qtbot):
    field = NumberField("Batch size", "pictures", "", maximum=1000)
    qtbot.addWidget(field)
    field.show()
    qtbot.keyClicks(field.edit, "12x")
    assert field.problem == "Batch size: give a whole number."
    assert field.edit.property("state") == "error"
    field.edit.selectAll()
    qtbot.keyClicks(field.edit, "5000")
    assert field.problem == "Batch size: give a whole number from 1 to 1,000."
    field.edit.selectAll()
    qtbot.keyClicks(field.edit, "64")
    assert not field.problem
    assert field.count() == 64
    assert field.edit.property("state") == ""


@pytest.fixture
def data(qtbot):
    field = DataField()
    qtbot.addWidget(field)
    return field


def test_archive_that_is_there_is_used_from_its_folder(data, tmp_path):
    archive = tmp_path / "cifar-10-python.tar.gz"
    archive.touch()
    data.choose("cifar10")
    data.use(archive)
    assert (data.spec, data.data_dir, data.problem) == ("cifar10", str(tmp_path), "")
    data.choose("cifar100")
    assert data.data_dir is None, "each data set has a place of its own"


def test_wrong_archive_is_refused_in_a_sentence(data, tmp_path):
    other = tmp_path / "other.zip"
    other.touch()
    data.choose("cifar10")
    data.use(other)
    assert "other.zip is not cifar-10-python.tar.gz" in data.problem
    assert data.data_dir is None


def test_folder_of_pictures_counts_its_classes(data, tmp_path):
    data.combo.setCurrentIndex(len(DATA_SETS) - 1)
    assert data.problem == "Choose the folder of your pictures."
    data.use(tmp_path)
    assert "no folders train and test" in data.problem
    for part in ("train", "test"):
        for name in ("cat", "dog", "owl"):
            (tmp_path / part / name).mkdir(parents=True)
    data.use(tmp_path)
    assert (data.spec, data.classes, data.problem) == (f"folder:{tmp_path}", 3, "")


def test_folder_of_pictures_asks_at_once_and_cifar_takes_its_folder(data, qtbot, tmp_path):
    data.show()
    data.combo.setCurrentIndex(len(DATA_SETS) - 1)
    data.combo.activated.emit(len(DATA_SETS) - 1)
    assert data._dialog is not None
    assert data._dialog.isVisible()
    data._dialog.close()
    data.choose("cifar10")
    assert data._choose_folder.isVisible()
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    data.use(folder)
    assert (data.data_dir, data.problem) == (str(folder), "")
