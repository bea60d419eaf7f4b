"""Parameter sets of the proof system, and every size that follows from them and from the height.

Nothing in a proof chooses a size: the verifier takes the parameter set from this file by its name, and the
heights are bounded numbers of the package. `soundness.py` computes what a set proves.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from math import prod
from types import MappingProxyType

from zkharvest.spec import P
from zkharvest.verifier.field import GENERATOR, TWO_ADICITY

LEAST_MASK, MASK_STEP = 192, 96
"""h, the random coefficients that mask a column, is a multiple of 96 (see `ParameterSet.mask`)."""

MIN_LOG_ROWS = 13
"""Below 2^13 rows no mask leaves room: the quotient of masked columns, 3N + 4h, must fit its pieces, 3M."""

ARITIES = MappingProxyType(
    {
        11: (8, 8),
        12: (16, 8),
        13: (16, 16),
        14: (16, 8, 8),
        15: (16, 8, 8),
        16: (16, 16, 8),
        17: (16, 8, 8, 8),
        18: (16, 8, 8, 8),
    }
)
"""The arities of FRI's folds where the degree bound k K is 17 * 2^e, by e: the fewest bytes for 60 to 130 queries.

What is left after the folds, 272 or 544 coefficients, is sent whole; there are more of them than queries.
"""

SALT_BYTES = 16
DIGEST_BYTES = 32
NONCE_BYTES = 8


MAX_PRESET = 40
"""Bytes of a parameter set's name."""


@dataclass(frozen=True, slots=True)
class ParameterSet:
    """The nine numbers of FORMAT.md section 4; out of range is a ValueError.

    `log_stack` is log2 of k, the number of columns that are committed as one polynomial (`verifier.stacks`).
    `grind_batch` and `grind_fold` are bits at the largest domain that the field has; see `Sizes`.
    """

    log_blowup: int
    log_stack: int
    queries: int
    grind_lookup: int
    grind_deep: int
    grind_batch: int
    grind_fold: int
    grind_query: int
    johnson_m: int

    def __post_init__(self) -> None:
        if not 2 <= self.log_blowup <= 5:
            raise ValueError("log_blowup must be in 2..5: a quotient of degree 3 needs a domain of 4 N")
        if not 2 <= self.log_stack <= 3:
            raise ValueError("log_stack must be 2 or 3: 4 or 8 columns a stack")
        if not 1 <= self.queries <= 1000:
            raise ValueError("queries must be in 1..1000")
        grinds = (self.grind_lookup, self.grind_deep, self.grind_batch, self.grind_fold, self.grind_query)
        if not all(0 <= bits <= 40 for bits in grinds):
            raise ValueError("grinding must be 0..40 bits")
        if not 1 <= self.johnson_m <= 1000:
            raise ValueError("johnson_m must be in 1..1000")

    @property
    def mask(self) -> int:
        """h: random coefficients that mask a committed column.

        A query at x shows one combination of the k columns of a stack at y = x^k: at most what their values at y show.
        So at most queries + 10 values of a column are seen (5 for each out-of-domain point). A quotient opened at y
        tells something of the columns at g y as well, whatever the circuit; so there is a coefficient for every
        query's y and g y. Of a table of lower height it shows x^(k N / N_t) instead of y, and of y and g_t y only where
        as many queries as there are pieces share y: fewer values than these in all (docs/adr/0017).
        """
        wanted = 2 * self.queries + 20
        return max(LEAST_MASK, -(-wanted // MASK_STEP) * MASK_STEP)

    @property
    def least_log_rows(self) -> int:
        """log2 of the fewest rows of a table: a sixteenth of them holds the h coefficients of a column's mask."""
        return 4 + (self.mask - 1).bit_length()

    def encode(self) -> bytes:
        """The set as the transcript absorbs it: nine u32le."""
        numbers: tuple[int, ...] = astuple(self)
        return b"".join(number.to_bytes(4, "little") for number in numbers)


@dataclass(frozen=True, slots=True)
class Sizes:
    """Sizes at height N = 2^log_rows: see FORMAT.md section 4 for the letters."""

    log_rows: int
    rows: int  # N
    degree_bound: int  # K: coefficients of a committed column
    piece_step: int  # M: quotient = sum_i X^(i M) piece_i
    mask: int  # h
    lde_size: int  # B N: points y of the columns' coset 3^k <w>
    stack: int  # k: columns of a committed polynomial
    log_domain: int
    domain_size: int  # |D| = k B N: points x of the stacks' coset 3 <w>, with x^k = y
    arities: tuple[int, ...]  # of the FRI folds, in order
    final_terms: int  # coefficients of FRI's last polynomial
    grind_batch: int
    grind_fold: int
    """Bits of grinding at this domain: one less for each halving of the largest.

    Both rounds rest on the proximity gap, whose error is linear in the domain (BCHKS25, Theorem 4.2); so a smaller
    domain reaches the same bits with less.
    """

    @property
    def stack_bound(self) -> int:
        """k K: coefficients of a committed stack."""
        return self.stack * self.degree_bound

    @property
    def shift(self) -> int:
        """3^k, the shift of the columns' coset."""
        return pow(GENERATOR, self.stack, P)


def sizes(log_rows: int, params: ParameterSet) -> Sizes:
    """Everything that follows from height and parameter set; ValueError for a height out of range."""
    log_domain = log_rows + params.log_blowup + params.log_stack
    exponent = log_rows - 4 + params.log_stack  # k K = 17 * 2^exponent
    if log_rows < MIN_LOG_ROWS or log_domain > TWO_ADICITY or exponent not in ARITIES:
        raise ValueError(f"no domain for 2^{log_rows} rows at blowup 2^{params.log_blowup}")
    rows = 1 << log_rows
    degree_bound = rows + rows // 16
    arities = ARITIES[exponent]
    step = degree_bound - params.mask
    if 3 * step <= 3 * rows + 4 * params.mask:
        raise ValueError(f"2^{log_rows} rows leave no room for a mask of {params.mask}")
    return Sizes(
        log_rows=log_rows,
        rows=rows,
        degree_bound=degree_bound,
        piece_step=step,
        mask=params.mask,
        lde_size=rows << params.log_blowup,
        stack=1 << params.log_stack,
        log_domain=log_domain,
        domain_size=1 << log_domain,
        arities=arities,
        final_terms=(degree_bound << params.log_stack) // prod(arities),
        grind_batch=max(0, params.grind_batch - (TWO_ADICITY - log_domain)),
        grind_fold=max(0, params.grind_fold - (TWO_ADICITY - log_domain)),
    )


@dataclass(frozen=True, slots=True)
class Preset:
    """A named parameter set, the heights it may be used at, and whether real policy may accept it."""

    name: str
    params: ParameterSet
    min_log_rows: int
    max_log_rows: int
    real: bool


def _preset(name: str, log_rows: tuple[int, int], real: bool, **numbers: int) -> Preset:
    return Preset(name, ParameterSet(**numbers), *log_rows, real)


# Tuned with soundness.py: the fewest queries at which every round, with grinding that costs a prover well under a
# second, proves 128 bits at every allowed height for circuits of up to 1,500 columns (`balanced`: 1,100).
_ALL = (
    _preset(
        "balanced",
        (13, 18),
        True,
        log_blowup=3,
        log_stack=2,
        queries=79,
        grind_lookup=14,
        grind_deep=2,
        grind_batch=24,
        grind_fold=18,
        grind_query=21,
        johnson_m=7,
    ),
    # Fewer bytes, for twice the work.
    _preset(
        "small",
        (13, 17),
        True,
        log_blowup=4,
        log_stack=3,
        queries=60,
        grind_lookup=14,
        grind_deep=1,
        grind_batch=23,
        grind_fold=15,
        grind_query=20,
        johnson_m=5,
    ),
    # Half the memory for the prover, half as many queries again: for tall traces.
    _preset(
        "large",
        (14, 20),
        True,
        log_blowup=2,
        log_stack=2,
        queries=129,
        grind_lookup=14,
        grind_deep=2,
        grind_batch=22,
        grind_fold=15,
        grind_query=20,
        johnson_m=6,
    ),
    # For tests: a cheating prover gets through in a second. Policy refuses it unless told otherwise.
    _preset(
        "test",
        (13, 20),
        False,
        log_blowup=2,
        log_stack=2,
        queries=8,
        grind_lookup=0,
        grind_deep=0,
        grind_batch=0,
        grind_fold=0,
        grind_query=0,
        johnson_m=2,
    ),
)
PRESETS: MappingProxyType[str, Preset] = MappingProxyType({preset.name: preset for preset in _ALL})
