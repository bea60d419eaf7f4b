"""What a parameter set proves: bits of soundness, term by term, for a circuit at a height.

Theorems, not conjectures: proximity gaps up to the Johnson radius and up to unique decoding from BCHKS25 (eprint
2025/2055, Theorems 1.3, 1.5, 4.2), ALI and DEEP from eprint 2022/1216 (Theorem 8), LogUp from eprint 2022/1530.
Where published calculators differ, the stricter form is taken: the larger of the two list sizes in use, and for LogUp
(number of fractions) * (width + 2), which counts vanishing denominators too, for every candidate on the list.

Every term is the error of one round; the round's grinding counts for that round alone. The level is the smallest
term (round-by-round soundness is what the Fiat-Shamir transform needs, eprint 2024/1553), capped by the hash; the sum
of all terms is given as well, and is up to a bit lower.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log2, sqrt
from typing import Any

from zkharvest.spec import P
from zkharvest.verifier.description import Description
from zkharvest.verifier.field import DEGREE
from zkharvest.verifier.params import DIGEST_BYTES, ParameterSet, sizes
from zkharvest.verifier.stacks import stacks_of

HASH_BITS = 8.0 * DIGEST_BYTES / 2


@dataclass(frozen=True, slots=True)
class Regime:
    """How far from the code the prover may be: radius gamma, list size there, exceptional challenges for a line.

    `gap(k)` is |F| times the error of combining two functions, for degree bound k at the same rate.
    """

    name: str
    rate: float
    multiplicity: int | None = None  # m of the Johnson regime; None is unique decoding

    @property
    def radius(self) -> float:
        """gamma = (1 - rho)/2, or 1 - sqrt(rho) (1 + 1/(2m))."""
        if self.multiplicity is None:
            return (1 - self.rate) / 2
        return 1 - sqrt(self.rate) * (1 + 1 / (2 * self.multiplicity))

    def list_size(self, rate: float) -> float:
        """Codewords of a code of at least this rate within gamma: 1, or the larger of the two bounds in use.

        They are (m + 1/2)/sqrt(rho), and the Johnson bound 1/(2 eta sqrt(rate)) with eta = 1 - sqrt(rate) - gamma,
        which is m/rho where the rate is the regime's own.
        """
        if self.multiplicity is None:
            return 1.0
        gap = 1 - sqrt(rate) - self.radius
        return max((self.multiplicity + 0.5) / sqrt(self.rate), 1 / (2 * gap * sqrt(rate)))

    def gap(self, degree_bound: float) -> float:
        """BCHKS25, Theorem 1.3 (unique decoding) and Theorem 4.2 (Johnson, with the corrected m)."""
        domain = degree_bound / self.rate
        if self.multiplicity is None:
            return self.radius * domain + 1
        m = self.multiplicity + 0.5
        first = (2 * m**5 + 3 * m * self.radius * self.rate) * domain / (3 * self.rate * sqrt(self.rate))
        return first + m / sqrt(self.rate)


@dataclass(frozen=True, slots=True)
class Model:
    """What the formulas need to know of a protocol instance."""

    field_size: int
    degree_bound: int  # K, of a column of the tallest tables
    least_bound: int  # of a column of the lowest tables
    stack: int  # k columns a committed polynomial, which has k K coefficients
    rate: float
    constraints: int
    degree: int
    opened_rows: int  # rows of a column that constraints read: 2, here and next
    fractions: int  # LogUp: interactions times rows, plus public messages
    width: int  # of the widest message
    tallies: int
    batch: int  # functions that lambda combines: (stack, point) pairs, and R
    arities: tuple[int, ...]
    queries: int
    grind_lookup: int
    grind_deep: int
    grind_batch: int
    grind_fold: int
    grind_query: int


def model(description: Description, params: ParameterSet, heights: Sequence[int]) -> Model:
    """The instance that `stark.verify_proof` runs."""
    at = sizes(max(heights), params)
    return Model(
        field_size=P**DEGREE,
        degree_bound=at.degree_bound,
        least_bound=at.degree_bound >> (max(heights) - min(heights)),
        stack=at.stack,
        rate=at.degree_bound / at.lde_size,
        constraints=sum(table.constraint_count for table in description.tables),
        degree=description.degree,
        opened_rows=2,
        fractions=description.fractions(heights),
        width=max((bus.width for bus in description.buses), default=0),
        tallies=description.tallies,
        batch=stacks_of(description, heights, at.stack).pairs,
        arities=at.arities,
        queries=params.queries,
        grind_lookup=params.grind_lookup,
        grind_deep=params.grind_deep,
        grind_batch=at.grind_batch,
        grind_fold=at.grind_fold,
        grind_query=params.grind_query,
    )


@dataclass(frozen=True, slots=True)
class Term:
    """One round's error, as bits, its grinding included."""

    name: str
    bits: float


def terms(instance: Model, regime: Regime) -> tuple[Term, ...]:
    """The error terms in protocol order. ValueError where the theorems do not apply."""
    k, least, size = instance.degree_bound, instance.least_bound, float(instance.field_size)
    domain = k / regime.rate
    # Quotients by several points need room between the degree and the agreement (eprint 2022/1216, 4.1.3): per lane,
    # and a stack of the lowest tables has the most lanes.
    if regime.radius <= 0 or least + instance.opened_rows >= (1 - regime.radius) * least / regime.rate:
        raise ValueError(f"{regime.name}: no room for quotients at rate {regime.rate:.4f}")
    # What lambda combines are quotients by X^s - p, s lanes a stack. If they have fewer coefficients than the code,
    # a stack has s more, and each of its columns one more than it should, on the s-th powers of the domain. The
    # candidates are among the codewords of the code with as many more as the lowest tables' stacks have lanes.
    candidates = regime.list_size((least + instance.opened_rows - 1) * regime.rate / least)
    found = []

    def term(name: str, error: float, grinding: int) -> None:
        found.append(Term(name, -log2(error) + grinding))

    if instance.fractions or instance.tallies:
        # The main columns are committed when the challenges are drawn, but only up to the list: each candidate counts.
        roots = instance.fractions * (instance.width + 2) + instance.tallies
        term("lookup", candidates * roots / size, instance.grind_lookup)
    term("constraints", candidates * instance.constraints / size, 0)
    identity = instance.degree * (k + instance.opened_rows - 1) + (k - 1)
    # z is drawn outside of the trace domains, the tallest of which holds the others, and of the columns' cosets, which
    # together have fewer than twice as many points as the tallest's.
    term("deep", candidates * identity / (size - k - 2 * domain), instance.grind_deep)
    # Only the proximity gaps see the stacks' longer code.
    left = instance.stack * k
    term("batch", regime.gap(left) * (instance.batch - 1) / size, instance.grind_batch)
    for i, arity in enumerate(instance.arities):
        left //= arity
        term(f"fold {i + 1}", regime.gap(left) * (arity - 1) / size, instance.grind_fold)
    found.append(Term("query", -log2(1 - regime.radius) * instance.queries + instance.grind_query))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Bound:
    """What one regime proves, the hash left out: every round's bits, the least of them, the bits of all errors' sum."""

    regime: Regime
    terms: tuple[Term, ...]

    @property
    def minimum(self) -> float:
        """The smallest term."""
        return min(entry.bits for entry in self.terms)

    @property
    def total(self) -> float:
        """The sum of all errors, as bits."""
        return -log2(sum(2**-entry.bits for entry in self.terms))


@dataclass(frozen=True, slots=True)
class Security:
    """Proven bits: every term in the Johnson regime, the smallest, the sum, and the smallest in unique decoding."""

    terms: tuple[Term, ...]
    minimum: float
    total: float
    unique_decoding: float


def security(description: Description, params: ParameterSet, heights: Sequence[int]) -> Security:
    """The level of a proof of this circuit, its tables having 2^heights[t] rows, with these parameters."""
    return level(model(description, params, heights), params.johnson_m)


def level(instance: Model, johnson_m: int) -> Security:
    """The level of an instance: the Johnson regime's, capped by the hash."""
    johnson, unique = bounds(instance, johnson_m)
    return Security(
        (*johnson.terms, Term("hash", HASH_BITS)),
        min(HASH_BITS, johnson.minimum),
        min(HASH_BITS, johnson.total),
        min(HASH_BITS, unique.minimum),
    )


def bounds(instance: Model, johnson_m: int) -> tuple[Bound, Bound]:
    """What the Johnson regime proves of an instance, and what unique decoding does; each is a theorem of its own."""
    regimes = Regime("Johnson", instance.rate, johnson_m), Regime("unique decoding", instance.rate)
    johnson, unique = (Bound(regime, terms(instance, regime)) for regime in regimes)
    return johnson, unique


def security_json(level: Security) -> dict[str, Any]:
    """Proven bits as `verify --json` and `inspect --json` show them."""
    return {
        "bits": rounded_bits(level.minimum),
        "bits_sum": rounded_bits(level.total),
        "bits_unique_decoding": rounded_bits(level.unique_decoding),
        "terms": {term.name: rounded_bits(term.bits) for term in level.terms},
    }


def rounded_bits(bits: float) -> float:
    """Rounded down: a level is never shown higher than it is."""
    return int(bits * 10) / 10
