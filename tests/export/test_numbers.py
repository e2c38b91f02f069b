"""Numbers as the file has them, found from physical values; expected values are those of numpy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as np_st

from aomuse.export.numbers import unscaled

SCALES = st.floats(1e-6, 1e6).flatmap(lambda scale: st.sampled_from([scale, -scale]))
ZEROS = st.floats(-1e6, 1e6)


def physical(raw: np.ndarray, scale: float, zero: float) -> np.ndarray:
    return raw.astype(np.float64) * scale + zero


@given(st.sampled_from(["u1", "i2", "i4", "i8", "f4", "f8"]), st.data())
def test_they_lead_to_the_values_again(dtype, data):
    elements = {"allow_nan": False, "allow_infinity": False} if dtype[0] == "f" else {}
    if dtype[0] == "f":
        elements |= {"min_value": -1e6, "max_value": 1e6, "allow_subnormal": False}
    raw = data.draw(np_st.arrays(dtype, st.integers(0, 20), elements=elements))
    scale, zero = data.draw(SCALES), data.draw(ZEROS)
    values = physical(raw, scale, zero)
    found = unscaled(values, scale, zero, np.dtype(dtype))
    assert found.dtype == np.dtype(dtype)
    assert (physical(found, scale, zero) == values).all()
    if dtype in ("u1", "i2", "i4"):
        # So few integers lead to as many values.
        different = physical(raw + np.array(1, dtype).astype(dtype), scale, zero) != values
        assert (found[different] == raw[different]).all()


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_floats_without_a_scale_keep_their_bits(dtype):
    values = np.array([0.0, -0.0, np.inf, -np.inf, 1e-45, 0.1], dtype)
    assert unscaled(values.astype(np.float64), 1.0, 0.0, dtype).tobytes() == values.tobytes()


def test_a_scale_of_zero_leads_back_to_zeros():
    assert unscaled(np.array([3.5, 3.5]), 0.0, 3.5, np.dtype("i2")).tolist() == [0, 0]
