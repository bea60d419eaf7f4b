"""What the page commands print: a page's unlisted assets, what a batch made, what a check found."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zkharvest.cli import output
from zkharvest.trades.text import format_time

if TYPE_CHECKING:
    from zkharvest.verifier.page import SourceKey
    from zkharvest.workflow.page_batch import ChunkResult
    from zkharvest.workflow.pages import Checked

PREVIEW = "pages are a preview: the circuit that takes them, lot-machine/v2, is not released and may still change"


def say_unlisted(symbols: tuple[str, ...]) -> None:
    if symbols:
        shown = ", ".join(symbols[:8]) + (f" and {len(symbols) - 8} more" if len(symbols) > 8 else "")
        hint = "--assets names the id of a coin that others list too; derivatives of the venue stay as they are"
        output.warning(f"not in the table of assets, so named as the venue's own: {shown}", hint)


def say_outside(times: Iterable[int], start: int, end: int, *, first: bool) -> None:
    """Rows that a page leaves out: those before it are in earlier pages, or in none if it is the first."""
    before = after = 0
    for time_of in times:
        before, after = before + (time_of < start), after + (time_of >= end)
    if before and first:
        hint = "give the page that goes on from those as --prev, or an earlier --from"
        output.warning(f"rows before the account's first page, which are in no page: {before:,}", hint)
    elif before:
        output.note(f"rows before the period, left out: {before:,}; what is booked late is a record of its own day")
    if after:
        output.note(f"rows after the period, which are in no page yet: {after:,}")


def say_future(ends: Iterable[int]) -> None:
    """A page is closed: what happens in its period after it was made is in no page, and no verdict can tell."""
    latest = max(ends, default=0)
    if latest > time.time() * 1000:
        hint = "make and sign a page when its period is over: records that come later are in no page, nor seen missing"
        output.warning(f"the period is not over until {format_time(latest)}", hint)


def show_batch(results: list[ChunkResult], double: list[str], folder: Path, *, json: bool) -> None:
    made = {word: sum(one.status == word for one in results) for word in ("made", "unchanged", "failed")}
    accounts, records = (sum(getattr(one, name) for one in results) for name in ("accounts", "records"))
    if json:
        rows = [
            {"name": one.name, "status": one.status, "accounts": one.accounts, "records": one.records,
             "seconds": f"{one.seconds:.3f}", "message": one.message}
            for one in results
        ]  # fmt: skip
        shown: dict[str, Any] = {**made, "accounts": accounts, "records": records, "in_two_files": double}
        output.json_object("zkharvest/page-batch/1", {**shown, "files": rows, "preview": True})
    else:
        output.data(
            f"{accounts:,} pages of {records:,} records in {folder}: {made['made']} files made, "
            f"{made['unchanged']} unchanged, {made['failed']} failed"
        )
    for one in results:
        if one.status == "failed":
            output.error(f"{one.name}: {one.message}")
    if double:
        hint = "an account's rows are in one export: give none of its pages out, mend the exports, make a new folder"
        output.error(f"accounts in two files, with two pages of one number: {', '.join(double[:8])}", hint)
    say_unlisted(tuple(sorted({symbol for one in results for symbol in one.unlisted})))
    output.note(PREVIEW)


def show_checked(found: Checked, expected: dict[str, list[SourceKey]], *, json: bool) -> None:
    opened = {opening.header.page_id: opening for opening in found.openings}
    headers = {one.page: one.header for one in found.pages if one.header is not None}
    headers |= {opening.header.page_id: opening.header for opening in found.openings}
    pages = sorted(headers.values(), key=lambda h: (h.source, h.account, h.number))
    if json:
        rows = [
            {
                "page": header.page_id, "source": header.source, "account": header.account, "number": header.number,
                "from": header.start, "to": header.end, "currency": header.currency, "final": header.final,
                "records": len(opened[header.page_id].records) if header.page_id in opened else None,
                "signed_by": found.signers[header.page_id].key if header.page_id in found.signers else None,
            }
            for header in pages
        ]  # fmt: skip
        faults = [{"where": where, "fault": fault.fault.value, "detail": fault.detail} for where, fault in found.faults]
        shown = {"ok": not found.faults, "pages": rows, "faults": faults, "preview": True}
        output.json_object("zkharvest/page-check/1", shown)
        return
    vouched = {(one.source, one.account): one.number for one in pages if one.page_id in found.signers}
    for header in pages:
        opening = opened.get(header.page_id)
        records = f"{len(opening.records):,} records" if opening else "not opened here"
        key = found.signers.get(header.page_id)
        signed = f"signed by {key.key.hex()[:16]}..." if key else "signature not compared"
        if not key and (voucher := vouched.get((header.source, header.account))) is not None:
            signed = f"vouched for by page {voucher}"
        output.data(f"{header.source}={header.page_id.hex()}")
        output.data(f"  {header.label}, {_day(header.start)} to {_day(header.end)}, {records}, {signed}")
    say_future(header.end for header in pages)
    for where, fault in found.faults:
        output.error(
            f"{where}: {fault.detail} ({fault.fault.value})" if where else f"{fault.detail} ({fault.fault.value})"
        )
    if not found.faults:
        output.note(
            "the pages are in order" if expected else "in order; no key was expected, so nobody vouches for them"
        )
    output.note(PREVIEW)


def _day(instant: int) -> str:
    from zkharvest.trades.text import format_time

    return format_time(instant).removesuffix("T00:00:00Z")
