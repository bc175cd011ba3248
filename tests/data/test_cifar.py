import dataclasses
import hashlib
import io
import os
import pickle
import tarfile

import numpy as np
import pytest

from resviz.data import cifar
from resviz.data.sources import load_dataset
from resviz.errors import DataError
from tests.data.server import Behaviour, Server


def part(source, count, seed, protocol=2):
    """Pickle a part as Python 2 did: byte strings as keys, and in the arrays."""
    rng = np.random.default_rng(seed)
    data = rng.integers(0, 256, (count, 3072), np.uint8)
    labels = [int(label) for label in rng.integers(0, 10, count)]
    return pickle.dumps({b"data": data, source.labels: labels, b"batch_label": b"made up"}, protocol)


def contents(name):
    source = cifar.SOURCES[name]
    files = {file: part(source, 6, index) for index, file in enumerate((*source.train, source.test))}
    names = [f"class {index}".encode() for index in range(10)]
    return files | {source.meta: pickle.dumps({source.names: names}, 2)}


def archive(name, files=None, extra=()):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for file, content in (files or contents(name)).items():
            info = tarfile.TarInfo(f"{cifar.SOURCES[name].folder}/{file}")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
        for info in extra:
            tar.addfile(info)
    return buffer.getvalue()


def unpack(name, data_dir):
    folder = data_dir / cifar.SOURCES[name].folder
    folder.mkdir(parents=True)
    for file, content in contents(name).items():
        (folder / file).write_bytes(content)
    return folder


@pytest.fixture
def put(tmp_path):
    """Put an archive of cifar10 with some files changed into the data folder."""

    def do(changed=None, extra=(), content=None):
        path = tmp_path / cifar.SOURCES["cifar10"].archive
        path.write_bytes(
            content
            if content is not None
            else archive("cifar10", contents("cifar10") | (changed or {}), extra)
        )
        return path

    return do


@pytest.mark.parametrize("name", ["cifar10", "cifar100"])
def test_folder_and_archive_hold_the_same_pictures(name, tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / cifar.SOURCES[name].archive).write_bytes(archive(name))
    unpack(name, tmp_path / "b")
    one, other = load_dataset(name, tmp_path / "a"), load_dataset(name, tmp_path / "b")
    assert one.classes == other.classes == tuple(f"class {index}" for index in range(10))
    assert one.train_images.shape == (6 * len(cifar.SOURCES[name].train), 3, 32, 32)
    assert (one.train_images == other.train_images).all()
    assert (one.test_labels == other.test_labels).all()
    first = pickle.loads(part(cifar.SOURCES[name], 6, 0))[b"data"][0]
    assert one.train_images[0, 0, 0].tolist() == first[:32].tolist()
    assert one.train_images[0, 2, 31].tolist() == first[-32:].tolist()


@pytest.mark.parametrize("protocol", range(2, 6))
def test_pickles_of_every_protocol_are_read(protocol, tmp_path):
    folder = unpack("cifar10", tmp_path)
    (folder / "data_batch_1").write_bytes(part(cifar.SOURCES["cifar10"], 6, 0, protocol))
    assert len(load_dataset("cifar10", tmp_path).train_labels) == 30


def test_the_data_folder_may_be_the_batches_folder_itself(tmp_path):
    folder = unpack("cifar10", tmp_path)
    assert len(load_dataset("cifar10", folder).train_labels) == 30


def test_the_second_load_reads_the_cache_and_a_changed_file_is_noticed(tmp_path, monkeypatch):
    folder = unpack("cifar10", tmp_path)
    load_dataset("cifar10", tmp_path)
    (folder / "data_batch_2").write_bytes(part(cifar.SOURCES["cifar10"], 9, 77))
    assert len(load_dataset("cifar10", tmp_path).train_labels) == 33
    monkeypatch.setattr(cifar, "read", None)
    assert len(load_dataset("cifar10", tmp_path).train_labels) == 33


def test_a_missing_file_is_named(tmp_path):
    (unpack("cifar10", tmp_path) / "data_batch_3").unlink()
    with pytest.raises(DataError, match="data_batch_3 is missing in") as caught:
        load_dataset("cifar10", tmp_path)
    assert f"put cifar-10-python.tar.gz into {tmp_path}" in str(caught.value)


def test_a_truncated_file_is_named(tmp_path):
    path = unpack("cifar10", tmp_path) / "test_batch"
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(DataError, match=r"test_batch in .* is damaged"):
        load_dataset("cifar10", tmp_path)


@pytest.mark.parametrize("file", ["batches.meta", "data_batch_1"])
@pytest.mark.parametrize("content", [b"", b"<html>", b"\x80\x04", b"\x80\xff"])
def test_a_damaged_file_is_named_without_the_words_of_pickle(tmp_path, file, content):
    (unpack("cifar10", tmp_path) / file).write_bytes(content)
    with pytest.raises(DataError) as caught:
        load_dataset("cifar10", tmp_path)
    assert str(caught.value).startswith(f"{file} in {tmp_path}")
    assert not any(word in str(caught.value).lower() for word in ("pickle", "load key", "input", "protocol"))


@pytest.mark.parametrize("keep", [0, 10, 3000, -100])
def test_a_truncated_archive_is_one_sentence(put, tmp_path, keep):
    put(content=archive("cifar10")[:keep])
    with pytest.raises(DataError, match="truncated or damaged") as caught:
        load_dataset("cifar10", tmp_path)
    assert "\n" not in str(caught.value)


def test_an_archive_without_a_batch_names_it(tmp_path):
    files = contents("cifar10")
    del files["data_batch_4"]
    (tmp_path / cifar.SOURCES["cifar10"].archive).write_bytes(archive("cifar10", files))
    with pytest.raises(DataError, match="data_batch_4 is missing"):
        load_dataset("cifar10", tmp_path)


class Evil:
    def __reduce__(self):
        return os.system, ("touch evil",)


OBJECTS = np.empty(2, object)
OBJECTS[:] = [1, 2]


@pytest.mark.parametrize(
    "content",
    [
        pickle.dumps(Evil(), 2),
        pickle.dumps({b"data": Evil()}, 2),
        pickle.dumps({b"data": OBJECTS, b"labels": [0, 1]}, 2),
        pickle.dumps({b"data": np.zeros((2, 3072), "f4"), b"labels": [0, 1]}, 2),
        pickle.dumps({b"data": np.zeros((2, 3072), "u1"), b"labels": [0]}, 2),
        pickle.dumps({b"data": np.zeros((2, 3072), "u1"), b"labels": [0, 99]}, 2),
        pickle.dumps({b"data": np.zeros((2, 3072), "u1"), b"labels": ["0", "1"]}, 2),
        pickle.dumps({b"data": np.zeros((2, 300), "u1"), b"labels": [0, 1]}, 2),
        pickle.dumps([1, 2], 2),
        b'cbuiltins\neval\n(S\'open("evil","w")\'\ntR.',
        b"cnumpy\nload\n(S'evil'\ntR.",
        b"Pevil\n.",
    ],
)
def test_what_is_no_plain_data_is_refused_and_nothing_is_run(put, tmp_path, monkeypatch, content):
    monkeypatch.chdir(tmp_path)
    put({"data_batch_2": content})
    with pytest.raises(DataError, match="data_batch_2"):
        load_dataset("cifar10", tmp_path)
    assert not (tmp_path / "evil").exists()


def member(name, kind=tarfile.REGTYPE, target=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


@pytest.mark.parametrize(
    "extra",
    [
        member("../outside"),
        member("/etc/outside"),
        member("cifar-10-batches-py/../../outside"),
        member("C:\\outside"),
        member("cifar-10-batches-py/link", tarfile.SYMTYPE, "/etc/passwd"),
        member("cifar-10-batches-py/link", tarfile.LNKTYPE, "cifar-10-batches-py/test_batch"),
        member("cifar-10-batches-py/device", tarfile.CHRTYPE),
    ],
)
def test_an_archive_that_leaves_its_folder_is_refused(put, tmp_path, extra):
    put(extra=[extra])
    with pytest.raises(DataError, match="leaves its folder or is no plain file"):
        load_dataset("cifar10", tmp_path)


def known(content, *urls):
    source = cifar.SOURCES["cifar10"]
    digest = hashlib.sha256(content).hexdigest()
    return {"cifar10": dataclasses.replace(source, urls=urls, sha256=digest)}


def test_download_brings_an_archive_that_loads(tmp_path):
    content = archive("cifar10")
    with Server(gone=Behaviour(status=404), a=Behaviour(content)) as server:
        sources = known(content, server.url("gone"), server.url("a"))
        path = cifar.download("cifar10", tmp_path, sources=sources)
    assert cifar.find("cifar10", tmp_path) == path
    assert len(load_dataset("cifar10", tmp_path).train_labels) == 30


def test_a_missing_data_set_is_downloaded(tmp_path, monkeypatch):
    content = archive("cifar10")
    said = []
    with Server(a=Behaviour(content)) as server:
        monkeypatch.setattr(cifar.download, "__defaults__", (None, None, known(content, server.url("a"))))
        data = load_dataset("cifar10", tmp_path, progress=lambda stage, *rest: said.append(stage))
    assert len(data.train_labels) == 30
    assert said[0].startswith("connecting to 127.0.0.1")
    assert said[1].startswith("downloading")
    assert said[-1] == "reading CIFAR-10"


def test_a_file_that_a_person_has_is_recognised_under_any_name(tmp_path):
    content = archive("cifar10")
    (tmp_path / "download(3).bin").write_bytes(content)
    name = cifar.use_file(tmp_path / "download(3).bin", tmp_path / "data", sources=known(content))
    assert name == "cifar10"
    assert cifar.find("cifar10", tmp_path / "data").read_bytes() == content
    # Once more, and from where it already is.
    assert cifar.use_file(cifar.find("cifar10", tmp_path / "data"), tmp_path / "data", sources=known(content))


def test_an_unpacked_folder_that_a_person_has_is_taken(tmp_path):
    folder = unpack("cifar100", tmp_path / "theirs")
    assert cifar.use_file(folder, tmp_path / "data") == "cifar100"
    assert len(load_dataset("cifar100", tmp_path / "data").train_labels) == 6


def test_a_wrong_file_is_refused(tmp_path):
    content = archive("cifar10")
    (tmp_path / "torn").write_bytes(content[:-10])
    with pytest.raises(DataError, match="SHA-256 differs"):
        cifar.use_file(tmp_path / "torn", tmp_path / "data", sources=known(content))
    with pytest.raises(DataError, match="There is no file"):
        cifar.use_file(tmp_path / "nowhere", tmp_path / "data")
    with pytest.raises(DataError, match="not an unpacked folder"):
        cifar.use_file(tmp_path, tmp_path / "data")
    assert not list((tmp_path / "data").glob("*")) if (tmp_path / "data").exists() else True


def test_the_published_hashes_are_those_of_the_design():
    assert (
        cifar.SOURCES["cifar10"].sha256 == "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"
    )
    assert all(len(source.sha256) == 64 and len(source.urls) >= 2 for source in cifar.SOURCES.values())
