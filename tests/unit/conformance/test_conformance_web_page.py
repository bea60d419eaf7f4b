"""The JavaScript verifier's page in headless Chromium: a package goes in, a verdict comes out, and nothing leaves."""

import json
import threading
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.support.browser import CHROMIUM, Browser

ROOT = Path(__file__).resolve().parents[3]
ACCEPT = "/vectors/accept/lot-machine-v2/"

_FILL = """
window.ready = false;
var fetched = async name => new File([await (await fetch("{folder}" + name)).blob()], name);
Promise.all({names}.map(fetched)).then(found => {{
  const files = new DataTransfer();
  for (const file of found) files.items.add(file);
  const set = (id, value) => {{ document.getElementById(id).value = value; }};
  document.body.dispatchEvent(new DragEvent("drop", {{ dataTransfer: files, bubbles: true, cancelable: true }}));
  document.querySelector('[name="before"][value="{before}"]').checked = true;
  for (const [id, value] of Object.entries({fields})) set(id, value);
  document.querySelector('[data-limit="declared"]').value = "0";
  const policy = new DataTransfer();
  if ({policy}) policy.items.add(new File([{policy}], "policy.json"));
  document.getElementById("policy").files = policy.files;
  document.getElementById("form").requestSubmit();
  window.ready = true;
}});
"""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=ROOT)) as found:
        threading.Thread(target=found.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{found.server_port}"
        found.shutdown()


def shown(page, base, names, before="first", policy=None, **fields):
    """What the page says of packages of links: under the fields, or under a policy file."""
    empty = dict.fromkeys(("standing", "keys", "accounts", "pages", "year", "signer"), "")
    text = json.dumps(json.dumps(policy)) if policy else "''"
    values = {"folder": base + ACCEPT, "names": json.dumps(names), "before": before, "policy": text}
    return answer(page, _FILL.format(fields=json.dumps(empty | fields), **values))


def answer(page, script):
    page.run("document.getElementById('result').hidden = true")
    page.run(script)
    end = time.monotonic() + 60
    while page.run("!window.ready || document.getElementById('result').hidden") and time.monotonic() < end:
        time.sleep(0.1)
    return page.run("document.getElementById('result').innerText")


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium")
def test_the_page_verifies(server, tmp_path):
    """One package under the fields of the page, two in whatever order they are chosen; and what is left open."""
    policy = json.loads((ROOT / ACCEPT[1:] / "2025.json").read_text())["policy"]
    balanced = json.loads((ROOT / ACCEPT[1:] / "balanced.json").read_text())["policy"]["pages"]
    pages = "\n".join(f"{source} = {page}" for source, page in balanced.items())
    with Browser() as browser:
        page = browser.open(f"{server}/web/page/index.html")
        accepted = shown(page, server, ["balanced.zkh"], pages=pages, year="2024")
        assert accepted.startswith("Accepted"), accepted
        for words in ("Tax year 2024", "hifo", "-10,055.00 USD", "Short-term losses", "Carried out", "K-alice"):
            assert words in accepted, words
        assert not page.poor_contrast() and not page.overflows()
        page.picture(tmp_path / "chain.png")
        asked = shown(page, server, ["balanced.zkh"], before="", pages="")
        assert asked.startswith("Undecided: policy/history") and "besides: policy/no-expectation" in asked, asked
        assert "Carried out" in asked  # what the proofs show is shown: the auditor may know it
        other = shown(page, server, ["balanced.zkh"], before="standing", standing="ab" * 32, pages=pages)
        assert "Rejected: policy/standing" in other
        assert "line 1 of the keys" in shown(page, server, ["balanced.zkh"], keys="kraken")
        two = shown(page, server, ["2025.zkh", "2024.zkh"], policy=policy)
        assert two.startswith("Accepted") and "Tax year 2024" in two and "Tax year 2025" in two, two
        order = page.run("document.getElementById('names').innerText")
        assert order.split() == ["2024.zkh", "2025.zkh"]
        assert "Rejected: policy/year" in shown(page, server, ["balanced.zkh"], pages=pages, year="1999")
        assert "Rejected: policy/test-preset" in shown(page, server, ["2024.zkh"], pages=pages)
        assert all(url.startswith(server) for url in page.requests())
        assert not page.complaints()
