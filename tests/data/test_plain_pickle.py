import pickle

import numpy as np
import pytest

from resviz.data.plain_pickle import load_plain


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("dtype", ["u1", "<i8", ">f4"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_come_back_as_they_were(protocol, dtype, order):
    array = np.arange(12).reshape(3, 4).astype(dtype, order=order)
    back = load_plain(pickle.dumps({"x": array, b"y": [1, b"two", (3.0, None)]}, protocol))
    assert np.array_equal(back[b"x"], array)
    assert back[b"x"].dtype == array.dtype
    assert back[b"y"] == [1, b"two", (3.0, None)]


def test_the_bytes_of_python_2_are_read():
    # As Python 2 with numpy 1 wrote {'data': array([[1, 2]], dtype=uint8)}, protocol 2.
    content = (
        b"\x80\x02}q\x01U\x04datacnumpy.core.multiarray\n_reconstruct\nq\x02cnumpy\nndarray\nq\x03K\x00\x85U\x01b\x87"
        b"Rq\x04(K\x01K\x01K\x02\x86cnumpy\ndtype\nq\x05U\x02u1K\x00K\x01\x87Rq\x06(K\x03U\x01|NNNJ\xff\xff\xff\xff"
        b"J\xff\xff\xff\xffK\x00tb\x89U\x02\x01\x02tbs."
    )
    assert load_plain(content)[b"data"].tolist() == [[1, 2]]


@pytest.mark.parametrize(
    "content",
    [
        pickle.dumps({"x": np.array([1, None])}, 2),
        pickle.dumps({"x": np.array(["text"])}, 2),
        pickle.dumps({"x": np.float64(1)}, 2),
        pickle.dumps({"x": print}, 2),
        pickle.dumps({"x": complex(1)}, 2),
        pickle.dumps({1: 2}, 2),
        pickle.dumps("text", 2),
        b"\x80\x02}U\x01xcnumpy\nndarray\nJ\xff\xff\xff\x7f\x85Rs.",  # numpy.ndarray(2**31 - 1)
        b"\x80\x02}U\x01xcnumpy.core.multiarray\n_reconstruct\n)Rs.",
    ],
)
def test_everything_else_is_refused(content):
    with pytest.raises((pickle.UnpicklingError, TypeError)):
        load_plain(content)


def test_an_array_shorter_than_it_says_is_refused():
    content = pickle.dumps({"x": np.zeros((2, 3), "u1")}, 2).replace(b"K\x02K\x03\x86", b"K\x09K\x03\x86")
    with pytest.raises(ValueError, match="reshape"):
        load_plain(content)
