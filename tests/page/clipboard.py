"""What the page puts into the clipboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Locator

READ = """async () => {
    let text = "";
    while (!(text = await navigator.clipboard.readText())) await new Promise(requestAnimationFrame);
    return text;
}"""


def copied(button: Locator) -> str:
    """What a click on a button copies.

    That it says "Copied" is no sign to wait for: it does so for no longer than a busy machine may
    look away.
    """
    button.page.evaluate("navigator.clipboard.writeText('')")
    button.click()
    text: str = button.page.evaluate(READ)
    return text
