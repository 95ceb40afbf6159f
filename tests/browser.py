"""A real browser for the tests of pages; without one they say that they skip."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FOUND = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

playwright = pytest.importorskip("playwright.sync_api", reason="the package playwright is not installed")

# It is a program of the system, which pip cannot bring.
needed = pytest.mark.skipif(FOUND is None, reason="no Chromium or Chrome is installed")

ARGUMENTS = (
    *("--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync"),
    *("--disable-component-update", "--mute-audio"),
)

CONTRAST = """element => {
  const light = (colour) => {
    const [r, g, b] = colour.match(/[0-9.]+/g).map(Number).map((c) => c / 255)
      .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  let ground = element;
  while (getComputedStyle(ground).backgroundColor === "rgba(0, 0, 0, 0)") ground = ground.parentElement;
  const pair = [getComputedStyle(element).color, getComputedStyle(ground).backgroundColor].map(light);
  return (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
}"""
"""Of text on what is behind it, as WCAG 2 defines it."""


@contextmanager
def opened(*arguments: str) -> "Iterator[Browser]":
    """Start a browser with a profile of its own."""
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=FOUND, args=[*ARGUMENTS, *arguments])
        yield browser
        browser.close()
