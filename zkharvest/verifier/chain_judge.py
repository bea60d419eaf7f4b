"""What an auditor's policy says of a chain: what contradicts it, how far each account was compared, what stays open.

No proof and no signature is checked here; who signed what is handed in (`signed`: page id -> keys whose signature on it
is valid).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from zkharvest.verifier.chain import AccountPages, Chain
from zkharvest.verifier.chain_policy import ChainPolicy
from zkharvest.verifier.chain_verdict import AccountCompared
from zkharvest.verifier.chain_words import MAX_NAMED, instant_text, listed
from zkharvest.verifier.expected import closest
from zkharvest.verifier.page import PageHeader
from zkharvest.verifier.rejections import Finding, Reason
from zkharvest.verifier.text import quoted

Signed = Mapping[bytes, Sequence[bytes]]

COMPARED, HOLDER, LATER, OPEN = "compared", "holder", "later", "open"


def mismatches(chain: Chain, policy: ChainPolicy) -> Iterator[Finding]:
    """Everything in which the chain differs from what the caller expects, in the order of FORMAT, section 9."""
    opening = chain.opening.name if chain.opening else None
    wanted = policy.standing.hex() if policy.standing is not None else "none: this is the first link"
    if (policy.standing is not None or policy.first) and opening != policy.standing:
        found = opening.hex() if opening else "none"
        text = f"the first link begins with the standing {found}, not {wanted}"
        yield Finding(Reason.POLICY_STANDING, text, "standing carried in", wanted, found)
    yield from _other_pages(chain, policy)
    yield from _other_accounts(chain, policy)
    last = chain.links[-1].statement
    other = [
        method for method in chain.periods[-1].methods if method != policy.method
    ]  # no link of the year is left out
    compared: tuple[tuple[Reason, str, str | int | bytes | None, str | int | bytes | None], ...] = (
        (Reason.POLICY_YEAR, "tax year", last.year, policy.year),
        (Reason.POLICY_METHOD, "lot method", other[0] if other else last.method, policy.method),
        (Reason.POLICY_POOLING, "pooling of lots", last.pooling, policy.pooling),
        (Reason.POLICY_TIMEZONE, "time zone", last.timezone, policy.timezone),
        (Reason.POLICY_CURRENCY, "currency", last.currency, policy.currency),
        (Reason.POLICY_CONTEXT, "audience", last.context.audience, policy.audience),
        (Reason.POLICY_CONTEXT, "nonce", last.context.nonce, policy.nonce),
    )
    for reason, what, is_, should in compared:
        if should is not None and is_ != should:
            yield Finding(
                reason, f"the {what} is {_shown(is_)}, not {_shown(should)}", what, _shown(should), _shown(is_)
            )


def _other_pages(chain: Chain, policy: ChainPolicy) -> Iterator[Finding]:
    """Expected pages that are not in the chain. One that the standing carried in has as an account's last is there."""
    pages = {page.page_id: page for account in chain.accounts for page in account.pages}
    before: dict[bytes, list[str]] = {}  # nothing forbids a standing in which two accounts have one page
    for state in chain.opening.accounts if chain.opening else ():
        before.setdefault(state.page, []).append(state.source)
    for source, ids in policy.pages.items():
        for identity in ids:
            owners = [pages[identity].source] if identity in pages else before.get(identity, [])
            if source in owners:
                continue
            there = f"it is a page of {quoted(owners[0])}" if owners else "no link lists it"
            text = f"the page {identity.hex()} is expected of {quoted(source)}: {there}"
            owner = owners[0] if owners else None
            yield Finding(Reason.POLICY_PAGE, text, f"page of {source}", identity.hex(), owner)


def _other_accounts(chain: Chain, policy: ChainPolicy) -> Iterator[Finding]:
    """Accounts of a source other than those that the caller names there, and named ones that are not there."""
    there = {state.name for state in chain.closing.accounts}
    for source, accounts in policy.accounts.items():
        of_source = [account for name, account in sorted(there) if name == source]
        for account in of_source:
            if account not in accounts:
                text = f"the account {quoted(account)} of {quoted(source)} is not an expected one"
                yield Finding(Reason.POLICY_ACCOUNT, text, f"account of {source}", ", ".join(accounts), account)
        for account in accounts:
            if account not in of_source:
                near = closest(account, of_source)
                hint = f"; did you mean {quoted(near)}?" if near else ""
                text = f"{quoted(source)} has no account {quoted(account)} here{hint}"
                yield Finding(Reason.POLICY_ACCOUNT, text, f"account of {source}", account, None)


# ------------------------------------------------------------------------------------------------- signatures


def compare(chain: Chain, policy: ChainPolicy, signed: Signed) -> tuple[AccountCompared, ...]:
    """How far each account was compared. A signature on a page vouches for that page and all before it."""
    before = {state.name: state.page for state in (chain.opening.accounts if chain.opening else ())}
    return tuple(_compared(account, before.get(account.name), policy, signed) for account in chain.accounts)


def _compared(account: AccountPages, before: bytes | None, policy: ChainPolicy, signed: Signed) -> AccountCompared:
    """`before` is the account's last page in the standing carried in: a page here is later than that."""
    source, pseudonym = account.name
    pages = policy.pages.get(source, ())
    keys = tuple(signed.get(account.newest.page_id, ()))
    vouched = _signed_in_time(account.newest, policy, signed)
    if account.newest.page_id in pages:
        return AccountCompared(account, COMPARED, keys, vouched)
    if vouched:
        known = pseudonym in policy.accounts.get(source, ())
        return AccountCompared(account, COMPARED if known else HOLDER, keys, vouched)
    older = (page.page_id in pages or _signed_in_time(page, policy, signed) for page in account.pages[:-1])
    return AccountCompared(account, LATER if before in pages or any(older) else OPEN, keys)


def _signed_in_time(page: PageHeader, policy: ChainPolicy, signed: Signed) -> bool:
    keys = signed.get(page.page_id, ())
    return any(one.key in keys and one.covers(page) for one in policy.source_keys.get(page.source, ()))


def unsigned(chain: Chain, policy: ChainPolicy, signed: Signed) -> Iterator[Finding]:
    """Sources with an expected key of which an account is not signed with it, or not in its days."""
    for source, keys in sorted(policy.source_keys.items()):  # not as given: JSON's readers order keys in their own way
        accounts = [account for account in chain.accounts if account.name[0] == source]
        wanted = ", ".join(one.key.hex() for one in keys)
        if not accounts:
            text = f"{quoted(source)} is expected to have signed, and has no page here"
            yield Finding(Reason.PAGE_UNSIGNED, text, f"key of {source}", wanted, None)
        for account in accounts:
            if any(page.page_id in policy.pages.get(source, ()) for page in account.pages):
                continue  # what is expected of this account is a page itself
            if any(_signed_in_time(page, policy, signed) for page in account.pages):
                continue
            yield _unsigned(account, policy, signed)


def _unsigned(account: AccountPages, policy: ChainPolicy, signed: Signed) -> Finding:
    source, keys = account.name[0], policy.source_keys[account.name[0]]
    label = f"{quoted(account.name[1])} of {quoted(source)}"
    wanted = ", ".join(one.key.hex() for one in keys)
    for page in reversed(account.pages):
        late = [one for one in keys if one.key in signed.get(page.page_id, ())]
        if late:
            text = f"the key of {quoted(source)} is for pages that end from {late[0].days}; page {page.number} does not"
            return Finding(Reason.PAGE_KEY_PERIOD, text, f"key of {source}", late[0].days, None)
    others = sorted({key.hex() for page in account.pages for key in signed.get(page.page_id, ())})
    text = f"no expected key has signed a page of the account {label}; {', '.join(others[:2]) or 'nobody'} has"
    return Finding(Reason.PAGE_UNSIGNED, text, f"key of {source}", wanted, others[0] if others else None)


# ------------------------------------------------------------------------------------------------- what stays open


def open_questions(
    chain: Chain, policy: ChainPolicy, accounts: Sequence[AccountCompared], *, signatures: bool
) -> Iterator[Finding]:
    """What remains undecided although all proofs hold."""
    if not signatures and (policy.source_keys or policy.signer is not None):
        yield Finding(Reason.POLICY_SIGNATURES, "signatures are expected, but no way to check them was given")
    if policy.standing is None and not policy.first:
        yield _history(chain)
    if chain.opening is not None and chain.links[0].same_year:
        year, name = chain.links[0].statement.year, chain.opening.name.hex()
        text = f"the earlier links of {year} are not here: give them too (verify A.zkh B.zkh)"
        yield Finding(Reason.POLICY_YEAR_BEGUN, text, f"links of {year}", None, name)
    if not policy.names_sources:
        yield Finding(
            Reason.POLICY_NO_EXPECTATION, "no page and no source's key was compared: nothing shows whose it is"
        )
    else:
        yield from _accounts(accounts, policy)
    for period in chain.periods:
        if period.year is not None and not period.last.whole_year:
            ends = period.last.statement.end
            text = f"the records of {period.year} go up to {instant_text(ends)}, not to the end of the year"
            yield Finding(Reason.POLICY_COVERAGE, text, f"coverage of {period.year}", None, str(ends))
        first = period.links[0]
        if first.opening is not None and first.begins_late:
            begins = first.statement.start
            text = (
                f"the records of {period.year} begin at {instant_text(begins)}, not with the year: what lies before is "
                f"in the year before, of the time zone {first.opening.timezone}"
            )
            yield Finding(Reason.POLICY_COVERAGE, text, f"coverage of {period.year}", None, str(begins))
    for name, (found, most) in policy.exceeded(chain.counters).items():
        what = name.replace("_", " ")
        yield Finding(
            Reason.POLICY_COUNTERS, f"{found} {what}, at most {most} are allowed", what, str(most), str(found)
        )


def _history(chain: Chain) -> Finding:
    if chain.opening is None:
        text = "it begins with nothing: say that it is the taxpayer's first, or ask for the years before"
        return Finding(Reason.POLICY_HISTORY, text, "standing carried in", None, None)
    name = chain.opening.name.hex()
    text = f"it begins with the standing {name}: expect the one that last year's verdict carried out"
    return Finding(Reason.POLICY_HISTORY, text, "standing carried in", None, name)


def _accounts(accounts: Sequence[AccountCompared], policy: ChainPolicy) -> Iterator[Finding]:
    texts = (
        (LATER, Reason.POLICY_LATER_PAGES, "pages later than the ones compared count too"),
        (HOLDER, Reason.POLICY_HOLDER, "signed by the source, and nothing says that the account is the taxpayer's"),
        (OPEN, Reason.POLICY_NOT_COMPARED, "nothing is expected of these accounts, and their records count too"),
    )
    for status, reason, what in texts:
        listing = [one.pages.name for one in accounts if one.status == status]
        if status == OPEN and policy.allow_other_sources:  # an account of a source that is named is of no other source
            listing = [name for name in listing if policy.names(name[0])]
        if listing:
            found = ", ".join("/".join(name) for name in listing[:MAX_NAMED])
            yield Finding(reason, f"{listed(listing)}: {what}", "accounts", None, found)


def _shown(value: str | int | bytes | None) -> str:
    if value is None:
        return "none"
    return value.hex() if isinstance(value, bytes) else str(value) or "not stated"
