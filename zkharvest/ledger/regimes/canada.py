"""Canada: adjusted cost base.

Which lots: identical properties of the taxpayer are one holding, wherever they lie (Income Tax Act s.47(1)); each unit
has the average cost of all. What a lot is worth: its cost, fees included (s.54 "adjusted cost base"). What a disposal
brings: proceeds less outlays made for it (s.40(1)(a)). There are no terms; half of the net gain is taxable
(s.38), which the report leaves to the return.
"""

from __future__ import annotations

from zkharvest.ledger.regimes.average import Average
from zkharvest.ledger.rules import Pooling


class Canada(Average):
    """Average cost over all wallets."""

    name = "canada"
    title = "Canada"
    poolings = (Pooling.UNIVERSAL,)
    timezone = "America/Toronto"
    leaves_out = ("superficial losses (s.54): a loss with a purchase within 30 days before or after is not denied",)
