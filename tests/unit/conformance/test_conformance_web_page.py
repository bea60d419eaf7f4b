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
ACCEPT = "/vectors/accept/lot-machine-v1/"

_FILL = """
window.ready = false;
fetch("{address}").then(answer => answer.blob()).then(blob => {{
  const files = new DataTransfer();
  files.items.add(new File([blob], "p.zkh"));
  document.getElementById("package").files = files.files;
  document.getElementById("commitments").value = {commitments};
  document.getElementById("year").value = {year};
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


def shown(page, base, commitments, year):
    page.run("document.getElementById('result').hidden = true")
    lines = "\n".join(f"{source} = {root}" for source, root in commitments.items())
    page.run(_FILL.format(address=f"{base}{ACCEPT}balanced.zkh", commitments=json.dumps(lines), year=json.dumps(year)))
    end = time.monotonic() + 60
    while page.run("!window.ready || document.getElementById('result').hidden") and time.monotonic() < end:
        time.sleep(0.1)
    return page.run("document.getElementById('result').innerText")


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium")
def test_the_page_verifies_a_package(server, tmp_path):
    header = json.loads((ROOT / ACCEPT[1:] / "balanced.json").read_text())
    expected = header["policy"]["commitments"]
    with Browser() as browser:
        page = browser.open(f"{server}/web/page/index.html")
        accepted = shown(page, server, expected, "")
        assert accepted.startswith("Accepted") and "Net gain" in accepted and all(name in accepted for name in expected)
        assert not page.poor_contrast() and not page.overflows()
        page.picture(tmp_path / "accepted.png")
        assert "Rejected: policy/year" in shown(page, server, expected, "1999")
        assert "Undecided: policy/no-expectation" in shown(page, server, {}, "")
        wrong = dict.fromkeys(expected, "zz")
        assert "line 1 of the commitments" in shown(page, server, wrong, "")
        assert all(url.startswith(server) for url in page.requests())
        assert not page.complaints()
