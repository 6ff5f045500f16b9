"""WCAG 2.2 AA, as far as a machine can tell."""

from pathlib import Path
from typing import Any

from playwright.async_api import Page

AXE = (Path(__file__).parents[1] / "browser" / "vendor" / "axe.min.js").read_text(encoding="utf-8")
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


async def violations_of(page: Page) -> list[str]:
    # By the debugger's door, which the page's own policy does not guard: the policy stays as it is.
    await page.evaluate(AXE)
    found: Any = await page.evaluate("rules => axe.run(document, rules)", RULES)
    return [f"{each['id']}: {node['html']}" for each in found["violations"] for node in each["nodes"]]
