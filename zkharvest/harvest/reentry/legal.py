"""The rule of law that applies beside each leg of a replacement. Shown, never decided; as of 2026-11.

United States: s.1091 (wash sales) reaches stock and securities, not crypto; H.R. 10357 (reported 2026-09-16, for tax
years after its enactment) and H.R. 9172 (dispositions after 2026-06-08) would extend it. It counts a contract or option
to acquire, cash settlement too (s.1091(f)), and a put so deep in the money that it will be exercised (Rev. Rul. 85-87).
s.1092 (straddles) is law for coin with an established market (Reg. 1.1092(d)-1(b)). s.1256 marks contracts of regulated
markets to market at year end. What is paid in coin disposes of coin.

United Kingdom: TCGA s.106A matches coin with coin rebought within 30 days. Canada: s.54 ITA counts a right to acquire
as identical property. Germany: s.23 EStG for coin, s.20 EStG for derivatives: losses of one do not meet gains of the
other.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from zkharvest.harvest.markets.instruments import Instrument, Kind
from zkharvest.harvest.policy import Jurisdiction

DEEP_DELTA = 0.8  # a put's delta from which it counts as deep in the money here; the ruling gives no number


class Effect(StrEnum):
    """What a rule does to the harvest of the loss."""

    CLEAR = "clear"  # the loss stands
    CARE = "care"  # it stands, with something to watch
    BILL = "bill"  # it stands today; a bill would deny it
    DENIES = "denies"  # it is denied or deferred


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule beside a leg."""

    authority: str
    effect: Effect
    text: str

    def as_json(self) -> dict[str, str]:
        """The rule for a report."""
        return {"authority": self.authority, "effect": self.effect.value, "text": self.text}


@dataclass(frozen=True, slots=True)
class Situation:
    """What the rules depend on besides the leg.

    `opposes`: the leg's delta opposes that of the target; `wash_sale`: s.1091 is taken to reach crypto;
    `coin_held`: coin stays in the book beside the legs.
    """

    jurisdiction: Jurisdiction
    opposes: bool = False
    wash_sale: bool = False
    coin_held: bool = False


def acquires(instrument: Instrument, side: int, delta: float) -> bool:
    """Whether a leg is a purchase, or a contract or option to acquire, in the sense of s.1091(a).

    `delta` is the option's own delta per coin.
    """
    if instrument.kind is Kind.PUT:
        return side < 0 and abs(delta) >= DEEP_DELTA
    return side > 0


def rules(instrument: Instrument, side: int, delta: float, situation: Situation) -> list[Rule]:
    """The rules beside a leg: most telling first."""
    makers = {
        Jurisdiction.US: _united_states,
        Jurisdiction.UK: _united_kingdom,
        Jurisdiction.CA: _canada,
        Jurisdiction.DE: _germany,
    }
    return makers[situation.jurisdiction](instrument, side, delta, situation)


def denied(found: list[Rule]) -> bool:
    """Whether a leg with these rules spoils the loss."""
    return any(rule.effect is Effect.DENIES for rule in found)


def _united_states(instrument: Instrument, side: int, delta: float, situation: Situation) -> list[Rule]:
    made = [_wash_sale(instrument, side, delta, wash_sale=situation.wash_sale)]
    opposing = situation.opposes or (situation.coin_held and side * _sign(instrument, delta) < 0)
    if opposing:
        text = "straddle: a loss is deferred up to the gain not yet recognised on the offsetting positions"
        made.append(Rule("s.1092(a)(1)", Effect.DENIES if situation.opposes else Effect.CARE, text))
    if instrument.cftc:
        text = "marked to market at year end, 60 % long and 40 % short term; a mixed straddle beside coin"
        made.append(Rule("s.1256", Effect.CARE, text))
    if instrument.inverse:
        text = "premium, margin and profit are paid in coin: each payment disposes of coin lots"
        made.append(Rule("Notice 2014-21", Effect.CARE, text))
    return made


def _sign(instrument: Instrument, delta: float) -> int:
    if instrument.kind.option:
        return 1 if delta > 0 else -1
    return 1


def _wash_sale(instrument: Instrument, side: int, delta: float, *, wash_sale: bool) -> Rule:
    if not acquires(instrument, side, delta):
        if instrument.kind is Kind.PUT and side < 0:
            return Rule(
                "s.1091", Effect.CLEAR, "a short put that is not deep in the money is not a contract to acquire"
            )
        return Rule("s.1091", Effect.CLEAR, "neither a purchase nor a contract or option to acquire")
    what = {
        Kind.SPOT: "a purchase of the coin",
        Kind.CALL: "an option to acquire",
        Kind.PUT: "a put so deep in the money that it will be exercised (Rev. Rul. 85-87)",
    }.get(instrument.kind, "a contract to acquire, cash settlement too (s.1091(f))")
    if wash_sale:
        return Rule("s.1091", Effect.DENIES, f"{what} within 30 days of the sale denies the loss")
    text = f"{what}; not a wash sale today (crypto is neither stock nor security), H.R. 10357 and H.R. 9172 would deny"
    return Rule("s.1091", Effect.BILL, text)


def _united_kingdom(instrument: Instrument, side: int, _delta: float, _situation: Situation) -> list[Rule]:
    if instrument.kind is Kind.SPOT and side > 0:
        return [Rule("TCGA s.106A", Effect.DENIES, "coin rebought within 30 days is matched with the sale")]
    return [Rule("TCGA s.106A", Effect.CLEAR, "a contract settled in cash is not the coin; delivery of coin would be")]


def _canada(instrument: Instrument, side: int, _delta: float, _situation: Situation) -> list[Rule]:
    if side > 0 and instrument.kind in (Kind.SPOT, Kind.CALL):
        text = "the coin, or a right to acquire it, held 30 days after the sale makes the loss superficial"
        return [Rule("ITA s.54", Effect.DENIES, text)]
    text = "settled in cash without a right to acquire coin; whether that is identical property is not settled"
    return [Rule("ITA s.54", Effect.CARE, text)]


def _germany(instrument: Instrument, side: int, _delta: float, _situation: Situation) -> list[Rule]:
    if instrument.kind is Kind.SPOT and side > 0:
        return [
            Rule("EStG s.23", Effect.CARE, "a rebuy starts a new holding year; s.42 AO for a sale without substance")
        ]
    text = "gains and losses of derivatives are another basket (s.20): they do not meet those of coin (s.23)"
    return [Rule("EStG s.20", Effect.CARE, text)]
