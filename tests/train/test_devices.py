import subprocess
import sys

import pytest
import torch

from resviz.errors import DeviceError
from resviz.train import devices


def test_cpu_is_the_cpu():
    assert devices.choose("cpu") == torch.device("cpu")
    assert devices.describe(torch.device("cpu")) == "cpu"


@pytest.mark.parametrize("text", ["gpu", "cuda:", "cuda:x", "", "cpu:0"])
def test_unknown_device_is_one_sentence(text):
    with pytest.raises(DeviceError, match="choose auto, cpu, cuda or cuda:N"):
        devices.check_name(text)


def test_no_card_is_one_sentence(monkeypatch):
    monkeypatch.setattr(devices, "_cards", lambda: 0)
    with pytest.raises(DeviceError, match="no CUDA card"):
        devices.check_present("cuda")
    devices.check_present("auto")


def test_card_number_out_of_range(monkeypatch):
    monkeypatch.setattr(devices, "_cards", lambda: 1)
    monkeypatch.setattr(devices, "_torch_has_cuda", lambda: True)
    with pytest.raises(DeviceError, match="1 CUDA card"):
        devices.check_present("cuda:1")
    devices.check_present("cuda:0")


def test_torch_without_cuda_is_told_apart_from_no_card(monkeypatch):
    monkeypatch.setattr(devices, "_cards", lambda: 1)
    monkeypatch.setattr(devices, "_torch_has_cuda", lambda: False)
    with pytest.raises(DeviceError, match="built without CUDA"):
        devices.check_present("cuda")


def test_a_card_older_than_the_build_is_one_sentence(monkeypatch):
    monkeypatch.setattr(devices, "_cards", lambda: 1)
    monkeypatch.setattr(devices, "_torch_has_cuda", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_arch_list", lambda: ["sm_75", "sm_80", "sm_90a", "compute_90"])
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda *_: (6, 1))
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda *_: "GTX 1080")
    with pytest.raises(DeviceError, match=r"GTX 1080.*too old"):
        devices.choose("cuda")
    assert devices.choose("auto") == torch.device("cpu")


def test_precision():
    cpu = torch.device("cpu")
    for wanted in ("float32", "bfloat16", "float16"):
        assert devices.choose_precision(wanted, cpu) == wanted
    assert devices.choose_precision("tf32", cpu) == "float32"
    assert devices.choose_precision("auto", cpu) in {"float32", "bfloat16"}


@pytest.mark.parametrize(
    ("capability", "precision"),
    [((6, 1), "float32"), ((7, 0), "float16"), ((7, 5), "float16"), ((9, 0), "bfloat16")],
)
def test_auto_takes_what_the_card_is_fast_in(monkeypatch, capability, precision):
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda *_: capability)
    assert devices.choose_precision("auto", torch.device("cuda:0")) == precision


def test_float32_products_are_shortened_for_tf32_alone():
    convolutions, matrices = torch.backends.cudnn, torch.backends.cuda.matmul
    before = convolutions.allow_tf32, matrices.allow_tf32
    try:
        for precision, expected in (("float32", False), ("tf32", True), ("bfloat16", False)):
            devices.set_products(precision)
            assert (convolutions.allow_tf32, matrices.allow_tf32) == (expected, expected)
            assert (torch.get_float32_matmul_precision() == "highest") == (not expected)
    finally:
        convolutions.allow_tf32, matrices.allow_tf32 = before


def test_asking_for_a_card_loads_no_torch():
    code = "import sys, resviz.train.devices as d; d.cuda_present(); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
