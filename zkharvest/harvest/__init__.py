"""The harvest: which losses to take, what they cost, how to keep the exposure, and the record of what was done.

Everything here is an estimate in floats, and says so; the ledger stays exact. Data flows one way:

    files, policy    what prices, quotes, order books and the taxpayer's rates say
    book             the open lots of a ledger run, as arrays
    tax, costs       what a loss saves under a law; what a trade costs
    scan             every open lot with what harvesting it would bring
    plan, record     orders that harvest chosen lots; fills turned back into canonical trades

It may read `trades` and `ledger`; only the command line reads it. Heavy libraries are imported inside functions.
"""
