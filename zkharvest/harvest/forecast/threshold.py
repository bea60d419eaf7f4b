"""When to harvest: the exact dynamic programme of a loss that may be taken now or later.

With immediate re-entry the basis is reset, so the state is x = P/B and the days left. k is what a dollar of loss saves
(tax now and carried, less the later tax), c what harvesting costs as a part of the value:

    W(x, 0) = max(0, k (1 - x) - c x)
    C(x, t) = E W(x e^z, t - 1)                           waiting
    H(x, t) = k (1 - x) - c x + x C(1, t)                 harvesting, and waiting with the new basis
    W(x, t) = max(C, H) where there is a loss, else C

The threshold theta(t) is where C and H cross: harvest when P/B is below it. For a short lot x is cost over proceeds,
the gain of harvesting k (x - 1) - c x, and the threshold is crossed from below. The grid is in log x, the expectation a
convolution with cell probabilities of the day's return; prices are expected to stay (E e^z = 1). Constantinides 1983
for the option, Dybvig and Koo 1996 for thresholds; no regression is needed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike

from zkharvest.harvest.markets.greeks import Floats, normal_cdf

_WIDTH = 9.0  # standard deviations of a normal day that its kernel covers


Spectrum = np.ndarray[tuple[int], np.dtype[np.complex128]]


@dataclass(frozen=True, slots=True)
class Grid:
    """The grid in log x, from -reach to reach; the middle point is x = 1."""

    points: int = 4801
    reach: float = 3.0

    @property
    def step(self) -> float:
        """The distance of two points in log x."""
        return 2 * self.reach / (self.points - 1)

    def x(self) -> Floats:
        """The ratios P/B of the points; read only."""
        return _ratios(self)


@cache
def _ratios(grid: Grid) -> Floats:
    made = np.exp(np.linspace(-grid.reach, grid.reach, grid.points))
    made.flags.writeable = False
    return made


def normal_kernel(deviation: float, grid: Grid) -> Floats:
    """Cell probabilities of a day's return with a standard deviation in log terms and E e^z = 1; centred on 0."""
    half = max(1, math.ceil(_WIDTH * deviation / grid.step))
    edges = (np.arange(-half, half + 2, dtype=np.float64) - 0.5) * grid.step
    return _normed(np.diff(normal_cdf((edges + deviation**2 / 2) / deviation)))


def sample_kernel(returns: Floats, grid: Grid) -> Floats:
    """Cell probabilities of equally likely log returns, moved so that E e^z = 1; each is shared by two cells."""
    moved = (returns - math.log(float(np.mean(np.exp(returns))))) / grid.step
    half = math.ceil(float(np.max(np.abs(moved)))) + 1
    below = np.floor(moved)
    share = moved - below
    cells = np.zeros(2 * half + 1)
    places = below.astype(np.int64) + half
    np.add.at(cells, places, 1 - share)
    np.add.at(cells, places + 1, share)
    return _normed(cells)


def _normed(cells: Floats) -> Floats:
    return np.asarray(cells / cells.sum(), np.float64)


@dataclass(frozen=True, slots=True)
class Stopping:
    """The solution. Index d counts days from now; the last is the last day on which a loss may be taken.

    `theta[d]`: harvest on day d when P/B is below it (a short lot: above it); NaN: never. `fresh[d]`: the value C(1) of
    a new lot on day d, as a part of its basis. `waiting` is C(x) now.
    """

    grid: Grid
    side: int
    k: Floats
    c: Floats
    theta: Floats
    fresh: Floats
    waiting: Floats

    def wait(self, x: ArrayLike) -> Floats:
        """The value of waiting now, as a part of the basis."""
        return np.asarray(np.interp(np.asarray(x, np.float64), self.grid.x(), self.waiting), np.float64)

    def harvest(self, x: ArrayLike) -> Floats:
        """The value of harvesting now, as a part of the basis, the value of the new lot included."""
        x = np.asarray(x, np.float64)
        return np.asarray(self.k[0] * self.side * (1 - x) - self.c[0] * x + x * self.fresh[0], np.float64)

    def value(self, x: ArrayLike) -> Floats:
        """The value of the better of both."""
        return np.maximum(self.wait(x), self.harvest(x))


def stopping(
    kernels: Sequence[Floats],
    k: ArrayLike,
    c: ArrayLike,
    *,
    grid: Grid | None = None,
    side: int = 1,
    fresh: Floats | None = None,
    expectation: Expectation | None = None,
) -> Stopping:
    """Solve for `len(kernels)` days: kernels[d] is the return from day d to d + 1.

    `k` and `c` are numbers, or one for each day 0..n (k changes when a lot turns long term). `fresh` is C(1) by day of
    the lot that a harvest opens; by default that of this same programme. `side` is -1 for a short lot. `expectation`
    is that of these kernels on this grid, where several programmes share it.
    """
    grid = grid or Grid()
    days, x = len(kernels), grid.x()
    k, c = (np.broadcast_to(np.asarray(a, np.float64), (days + 1,)).copy() for a in (k, c))
    loss = side * (1 - x)
    barred = np.where(loss > 0, 0.0, -np.inf)  # gains are not realised here, though a low rate may make that pay
    theta, own = np.full(days + 1, np.nan), np.zeros(days + 1)
    renewed = own if fresh is None else fresh
    waiting, now = np.zeros_like(x), k[days] * loss - c[days] * x + barred
    theta[days] = _crossing(x, now, waiting, side)
    W = np.maximum(now, 0.0)
    expected = expectation or Expectation(kernels, grid)
    for day in range(days - 1, -1, -1):
        waiting = expected(W, day, side)
        own[day] = waiting[grid.points // 2]
        now = k[day] * loss - c[day] * x + x * renewed[day] + barred
        theta[day] = _crossing(x, now, waiting, side)
        W = np.maximum(waiting, now)
    return Stopping(grid, side, k, c, theta, renewed, waiting)


def _crossing(x: Floats, now: Floats, waiting: Floats, side: int) -> float:
    """Where harvesting stops to pay, between two points by a straight line; NaN where it never pays."""
    better = now - waiting
    pays = np.flatnonzero(better > 0)
    if not pays.size:
        return math.nan
    last = int(pays[-1] if side > 0 else pays[0])
    beyond = last + side
    if not 0 <= beyond < x.size or not np.isfinite(better[beyond]):
        return float(x[last])
    share = better[last] / (better[last] - better[beyond])
    return float(x[last] + share * (x[beyond] - x[last]))


class Expectation:
    """The expectation over a day, by FFT; beyond the grid W goes on as a straight line where it is harvested."""

    def __init__(self, kernels: Sequence[Floats], grid: Grid) -> None:
        self.half = max((kernel.size // 2 for kernel in kernels), default=0)
        self.length = _fast_length(grid.points + 4 * self.half + 1)
        self.grid = grid
        self.kernels = kernels
        self._spectra: dict[int, Spectrum] = {}  # by the kernel's id: days alike share one
        above = np.exp(grid.reach + grid.step * np.arange(1, self.half + 1))
        self.above, self.below = above, (1 / above)[::-1]

    def __call__(self, W: Floats, day: int, side: int) -> Floats:
        low, next_low = math.exp(-self.grid.reach), math.exp(-self.grid.reach + self.grid.step)
        if side > 0:
            below = W[0] + (self.below - low) * (W[1] - W[0]) / (next_low - low)
            above = np.full(self.half, W[-1])
        else:
            below = np.full(self.half, W[0])
            above = W[-1] + (self.above - 1 / low) * (W[-1] - W[-2]) / (1 / low - 1 / next_low)
        product = np.fft.rfft(np.concatenate([below, W, above]), self.length) * self._spectrum(day)
        start = 2 * self.half
        return np.asarray(np.fft.irfft(product, self.length)[start : start + self.grid.points], np.float64)

    def _spectrum(self, day: int) -> Spectrum:
        kernel = self.kernels[day]
        spectrum = self._spectra.get(id(kernel))
        if spectrum is None:
            padded = np.zeros(2 * self.half + 1)
            offset = self.half - kernel.size // 2
            padded[offset : offset + kernel.size] = kernel[::-1]
            spectrum = self._spectra[id(kernel)] = np.fft.rfft(padded, self.length)
        return spectrum


def _fast_length(least: int) -> int:
    """The least length of the form 2^a 3^b 5^c that is even: an FFT of it is quick."""
    lengths = (b * c << a for a in range(1, 21) for b in (1, 3, 9, 27) for c in (1, 5, 25))
    return min(length for length in lengths if length >= least)
