"""The HTML report in a real browser, of a phone's width and on paper."""

import html
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="neither Chromium nor Chrome is installed")

PHONE = 360
"""Pixels: the narrowest that is common."""
_FRAME = f"""<!doctype html><title>A phone</title><pre id="measures"></pre>
<script>
addEventListener("message", (told) => {{ document.getElementById("measures").textContent = told.data; }});
</script>
<iframe src="inside.html" style="border: 0; width: {PHONE}px; height: 800px"></iframe>
"""
"""Windows cannot be as narrow as phones, but frames can."""
_MEASURE = """<script>
const boxes = [...document.querySelectorAll("figure svg")].map((svg) => svg.getBoundingClientRect());
parent.postMessage(JSON.stringify({
  window: innerWidth,
  page: document.documentElement.scrollWidth,
  charts: boxes.map((box) => [box.left, box.right, box.height]),
  tables: [...document.querySelectorAll(".scroll")].map((box) => box.clientWidth),
  ink: getComputedStyle(document.querySelector("svg text")).fill,
  paper: getComputedStyle(document.body).backgroundColor,
}), "*");
</script>
"""


def _browse(folder: Path, page: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    assert BROWSER is not None
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []  # which the superuser has none of
    command = [
        BROWSER, "--headless=new", *sandbox, "--disable-gpu", "--no-first-run", f"--user-data-dir={folder / 'profile'}",
        "--enable-logging=stderr", *arguments, page.as_uri(),
    ]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_fits_a_phone_in_light_and_dark(mixed: Path, tmp_path: Path, scheme: str) -> None:
    inside = (mixed / "report.html").read_text("utf-8").replace("</body>", f"{_MEASURE}</body>")
    (tmp_path / "inside.html").write_text(inside, "utf-8")
    page = tmp_path / "phone.html"
    page.write_text(_FRAME, "utf-8")
    dark = ["--blink-settings=preferredColorScheme=0"] if scheme == "dark" else []
    done = _browse(tmp_path, page, "--hide-scrollbars", "--virtual-time-budget=5000", "--dump-dom", *dark)
    assert "CONSOLE" not in done.stderr
    found = re.search(r'<pre id="measures">(.*?)</pre>', done.stdout)
    assert found is not None
    measures = json.loads(html.unescape(found[1]))
    assert measures["window"] == measures["page"] == PHONE
    assert len(measures["charts"]) == 7
    assert all(0 <= left < right <= PHONE and height > 50 for left, right, height in measures["charts"])
    assert all(width <= PHONE for width in measures["tables"])
    ink, paper = (sum(map(int, re.findall(r"\d+", measures[name])[:3])) / 3 for name in ("ink", "paper"))
    assert (ink < 60 < 200 < paper) if scheme == "light" else (paper < 60 < 200 < ink)


def test_prints(mixed: Path, tmp_path: Path) -> None:
    file = tmp_path / "report.pdf"
    done = _browse(tmp_path, mixed / "report.html", "--no-pdf-header-footer", f"--print-to-pdf={file}")
    assert "CONSOLE" not in done.stderr
    content = file.read_bytes()
    assert content.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type */Page\b", content)) > 5
