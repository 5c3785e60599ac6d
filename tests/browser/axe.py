"""What axe-core finds wrong with a page for those who cannot see it or use no mouse."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.browser.chromium import MODULES

AXE = MODULES / "axe-core" / "axe.min.js"
RUN = """async () => (await axe.run()).violations.map(
  (one) => `${one.id}: ${one.nodes.map((node) => node.html).join(" | ")}`)"""


def find_faults(page: Page) -> list[str]:
    """Run all rules; by the debugger, since a page's own policy lets no other script in."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[str] = page.evaluate(RUN)
    return found
