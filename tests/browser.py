"""Debian's Chromium, as Playwright drives it, and what a page must not do."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

# Drawn by the processor: test machines have no graphics card.
_FLAGS = (
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Give a browser; the test is skipped where there is none."""
    if CHROMIUM is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_FLAGS)
        yield browser
        browser.close()


class Watched:
    """A page that is watched: what it asks for elsewhere, and what it complains about."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.elsewhere: list[str] = []
        self.complaints: list[str] = []
        origin = address.rstrip("/")

        def requested(url: str) -> None:
            if not url.startswith((f"{origin}/", "blob:", "data:", origin.replace("http", "ws", 1))):
                self.elsewhere.append(url)

        page.on("request", lambda request: requested(request.url))
        page.on("websocket", lambda socket: requested(socket.url))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on(
            "console",
            lambda said: self.complaints.append(said.text) if said.type in ("error", "warning") else None,
        )
        page.goto(address)

    def assert_well_behaved(self) -> None:
        """Check that it kept to itself and complained about nothing."""
        assert self.elsewhere == []
        # SwiftShader warns that reading pixels back is slow: nothing of ours.
        assert [text for text in self.complaints if "GPU stall" not in text] == []
