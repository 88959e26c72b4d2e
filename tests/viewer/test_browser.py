"""The page in a browser, from what people do to what comes out."""

import http.server
import importlib.resources
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from bodychan import Calibration
from bodychan.apps import info
from browser import Watched, chromium
from receivers import OscReceiver
from scripted import ScriptedCamera, ScriptedTracker, install
from viewers import depth_captures, serving, session_in

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

AXE = Path(str(importlib.resources.files("axe_playwright_python"))) / "axe.min.js"
VIOLATIONS = "axe.run().then(({violations}) => violations.map(v => [v.id, v.nodes.map(n => n.html)]))"
SLOW_MS = 60_000
"""Machines that draw and track with the same two cores take their time."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1400, "height": 850})
    context.set_default_timeout(SLOW_MS)
    expect.set_options(timeout=SLOW_MS)
    yield context.new_page()
    context.close()


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch, calibration: Calibration, tmp_path: Path) -> None:
    captures = depth_captures(90, calibration)
    install(
        monkeypatch,
        lambda: ScriptedCamera(calibration, captures),
        lambda: ScriptedTracker(lambda capture: [1] if capture.index < 45 else [1, 2]),
    )
    (tmp_path / "take.mkv").touch()


def address(port: int) -> str:
    return f"http://127.0.0.1:{port}/"


def tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name, exact=True).click()


def parameter(page: Page, name: str) -> Locator:
    return page.locator(f'[data-name="{name}"]')


def people(page: Page, count: int) -> None:
    seen = page.get_by_role("img", name=f"3D view, {count} people")
    expect(seen).to_be_visible(timeout=SLOW_MS)


def test_from_nothing_to_osc_and_a_recording(page: Page, tmp_path: Path) -> None:
    receiver = OscReceiver()
    try:
        with serving(session_in(tmp_path)) as port:
            watched = Watched(page, address(port))
            expect(page.get_by_text("No camera yet")).to_be_visible()
            page.locator('[data-source="synthetic:two"]').click()
            page.get_by_label("Loop").check()
            tab(page, "Parameters")
            slider = parameter(page, "maxplayers").get_by_role("slider")
            slider.focus()
            slider.press("ArrowRight")
            people(page, 2)

            tab(page, "Channels")
            page.get_by_role("searchbox").fill("p2/head:t[xyz]")
            expect(page.get_by_text("3 of 196 channels")).to_be_visible()
            page.locator(".channel").first.click()
            expect(page.get_by_role("region", name="Plot")).to_have_attribute(
                "data-samples", re.compile(r"[2-9]|\d\d+"), timeout=SLOW_MS
            )

            tab(page, "Outputs")
            page.get_by_label("Port", exact=True).fill(receiver.url.rpartition(":")[2])
            page.get_by_role("button", name="Add", exact=True).click()
            expect(page.locator('[data-light="sending"]')).to_be_visible()
            names = {name for name, _ in receiver.wait_until(lambda: len(receiver.messages) > 400)}
            assert "/p2/head:ty" in names

            # A loop cannot be recorded, its times go back; nor can what has ended.
            page.get_by_label("Loop").uncheck()
            page.get_by_role("slider", name="Place in the recording, seconds").fill("1")
            page.get_by_label("Record to").fill("take.mkv")
            page.get_by_role("button", name="Record", exact=True).click()
            expect(page.get_by_text("● Recording")).to_be_visible()
            expect(page.get_by_text(re.compile(r"take.mkv: [1-9]\d* captures"))).to_be_visible()
            page.get_by_role("button", name="Stop").click()
            expect(page.get_by_text("take.mkv: finished")).to_be_visible()
            watched.assert_well_behaved()
    finally:
        receiver.close()
    facts = info.describe(tmp_path / "take.mkv")
    assert facts["depth mode"] == "NFOV_UNBINNED"


@pytest.mark.usefixtures("scripted")
def test_a_recording_is_scrubbed_and_explains_who_was_there_when(page: Page, tmp_path: Path) -> None:
    with serving(session_in(tmp_path, maxplayers=2)) as port:
        watched = Watched(page, address(port))
        page.locator('[data-source="take.mkv"]').click()
        page.get_by_role("button", name="Pause", exact=True).click()
        scrub = page.get_by_role("slider", name="Place in the recording, seconds")
        scrub.fill("2.5")
        people(page, 2)
        scrub.fill("0.5")
        people(page, 1)
        expect(page.get_by_role("img", name="Bodies seen so far: 1, 2")).to_be_visible()
        before = page.locator(".time").text_content()
        page.get_by_role("button", name="Step forward").click()
        expect(page.locator(".time")).not_to_have_text(before or "")
        watched.assert_well_behaved()


@pytest.mark.usefixtures("scripted")
def test_it_comes_back_after_a_restart_and_shows_what_the_server_has(page: Page, tmp_path: Path) -> None:
    with serving(session_in(tmp_path)) as port:
        page.goto(address(port))
        page.locator('[data-source="take.mkv"]').click()
        people(page, 1)
    expect(page.get_by_text("Connection lost")).to_be_visible()
    with serving(session_in(tmp_path), port):
        expect(page.get_by_text("No camera yet")).to_be_visible()
        tab(page, "Parameters")
        field = parameter(page, "maxplayers").get_by_role("textbox")
        field.fill("77")
        field.press("Enter")
        expect(parameter(page, "maxplayers").get_by_role("alert")).to_contain_text("outside 1 to 16")
        expect(field).to_have_value("77")
        field.blur()


@pytest.mark.usefixtures("scripted")
@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_axe_finds_nothing(browser: Browser, tmp_path: Path, scheme: str) -> None:
    # A check from outside has to get past the page's own policy.
    context = browser.new_context(bypass_csp=True, color_scheme="dark" if scheme == "dark" else "light")
    page = context.new_page()
    page.set_default_timeout(SLOW_MS)
    with serving(session_in(tmp_path)) as port:
        page.goto(address(port))
        page.locator('[data-source="take.mkv"]').click()
        people(page, 1)
        tab(page, "Channels")
        page.locator(".channel").first.click()
        page.add_script_tag(path=AXE)
        for width, names in (
            (1400, ["Source", "Channels", "Parameters", "Outputs", "Project"]),
            (390, ["Outputs"]),
        ):
            page.set_viewport_size({"width": width, "height": 850})
            for name in names:
                tab(page, name)
                found = page.evaluate(
                    "axe.run().then(({violations}) => violations.map(v => [v.id, v.nodes.map(n => n.html)]))"
                )
                assert found == [], (scheme, width, name)
    context.close()


HOSTILE = """<!doctype html><title>wait</title><body><script>
const told = [];
const tell = (what) => { told.push(what); if (told.length === 3) document.title = told.sort().join(" "); };
fetch("http://127.0.0.1:PORT/").then((r) => r.text()).then(() => tell("read"), () => tell("fetch-refused"));
const socket = new WebSocket("ws://127.0.0.1:PORT/ws");
socket.onmessage = () => tell("told");
socket.onerror = () => tell("socket-refused");
const frame = document.createElement("iframe");
frame.onload = () => tell(frame.contentDocument ? "frame-read" : "frame-refused");
frame.src = "http://127.0.0.1:PORT/";
document.body.append(frame);
</script>"""


@pytest.mark.usefixtures("scripted")
def test_a_hostile_page_on_another_origin_gets_nothing(page: Page, tmp_path: Path) -> None:
    with serving(session_in(tmp_path)) as port:
        text = HOSTILE.replace("PORT", str(port)).encode()

        class Hostile(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: object) -> None:
                pass

        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hostile) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            page.goto(f"http://127.0.0.1:{server.server_address[1]}/")
            expect(page).to_have_title("fetch-refused frame-refused socket-refused")
            server.shutdown()
