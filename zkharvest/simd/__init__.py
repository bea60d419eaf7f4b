"""Vector lanes, KoalaBear arithmetic and threads for the compiled kernels: below every other package."""

from zkharvest.simd import loading

loading.numba_alone()
