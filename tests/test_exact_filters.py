"""Blurs and transforms in a fixed order, against SciPy and NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d

from renderers.fourier import real_field, waves
from viewpoint100k.geometry import exact

MODES = {"mirror": "reflect", "wrap": "wrap", "zero": "constant"}


@pytest.mark.parametrize("edge", MODES)
@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("sigma", [0.7, 2.0, 5.5])
def test_a_narrow_gaussian_is_scipys(sigma: float, axis: int, edge: exact.Edge) -> None:
    values = np.random.default_rng(1).random((60, 40, 3))
    axis = 0 if sigma > 2 else axis  # SciPy also needs at least as many entries as the kernel's reach.
    expected = gaussian_filter1d(values, sigma, axis=axis, mode=MODES[edge], truncate=4)
    if values.shape[axis] > 4 * sigma:
        np.testing.assert_allclose(exact.gaussian_blur(values, sigma, axis, edge), expected, atol=1e-12)
    singles = exact.gaussian_blur(values.astype(np.float32), sigma, 0, edge)
    assert singles.dtype == np.float32
    assert singles.flags.c_contiguous


@pytest.mark.parametrize("edge", MODES)
@pytest.mark.parametrize("sigma", [9.0, 30.0])
def test_a_wide_gaussian_is_close_to_scipys(sigma: float, edge: exact.Edge) -> None:
    values = np.random.default_rng(2).random((200, 30))
    expected = gaussian_filter1d(values, sigma, axis=0, mode=MODES[edge], truncate=4)
    np.testing.assert_allclose(exact.gaussian_blur(values, sigma, 0, edge), expected, atol=0.015)


@pytest.mark.parametrize("sigma", [0.5, 4.0, 12.0])
def test_a_blur_keeps_the_sum_and_a_constant(sigma: float) -> None:
    values = np.random.default_rng(3).random((150, 4))
    wrapped = exact.gaussian_blur(values, sigma, 0, "wrap")
    np.testing.assert_allclose(wrapped.sum(axis=0), values.sum(axis=0))
    np.testing.assert_allclose(exact.gaussian_blur(np.full((150, 2), 0.3), sigma, 0), 0.3)
    assert exact.gaussian_blur(values, 0.0, 0) is values


@pytest.mark.parametrize("size", [1, 2, 8, 64])
def test_a_field_is_the_real_part_of_numpys_inverse_transform(size: int) -> None:
    real, imaginary = np.random.default_rng(4).normal(size=(2, size, size))
    expected = np.fft.ifft2(real + 1j * imaginary).real * size * size
    np.testing.assert_allclose(real_field(real, imaginary, *waves(size, real.dtype)), expected, atol=1e-10)
    parts = real.astype(np.float32), imaginary.astype(np.float32)
    singles = real_field(*parts, *waves(size, parts[0].dtype))
    assert singles.dtype == np.float32
    np.testing.assert_allclose(singles, expected, atol=1e-4 * size * size)
