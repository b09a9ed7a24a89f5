"""Every text of the page is in every catalogue, with the same places for values, and nothing that is not used.

Texts that the tracker declares may be missing: they are then shown in English.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from launcher.web import controller
from protocol.control_commands import COMMANDS
from tests.launcher.window_client import Visit
from tracker.app.options import describe_options

STATIC = Path(controller.__file__).parent / "static"
DRAWS_3D = False
LANGUAGES = ("ja", "zh-CN", "ko")
# t("...") and mark("..."), and the sentences that loading an avatar may fail with.
CALL = re.compile(r'\b(?:t|mark|new Error)\(\s*"((?:[^"\\]|\\.)*)"')


class Marked(HTMLParser):
    """Collects the texts of elements with data-t, and of the attributes it names."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: set[str] = set()
        self._open = False

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        names = (given.get("data-t") or "").split()
        self._open = "data-t" in given and not names
        self.texts |= {str(given[name]) for name in names}

    def handle_data(self, data: str) -> None:
        if self._open and data.strip():
            self.texts.add(data)

    def handle_endtag(self, tag: str) -> None:
        self._open = False


def page_texts() -> set[str]:
    """The texts of the page's own files."""
    marked = Marked()
    marked.feed((STATIC / "index.html").read_text(encoding="utf-8"))
    found = set(marked.texts)
    for path in [*STATIC.glob("*.js"), *STATIC.glob("*/*.js")]:
        for match in CALL.finditer(path.read_text(encoding="utf-8")):
            found.add(json.loads(f'"{match.group(1)}"'))
    return found


def declared_texts() -> set[str]:
    """What the launcher and the tracker's declarations give the page to show."""
    found = {"Starting.", "Restarting with these settings."}
    for option in describe_options():
        form = option.get("form") or {}
        labels = form.get("labels", {}).values()
        found |= {text for text in (form.get("label"), form.get("hint"), *form.get("ends", ()), *labels) if text}
    found |= {command.done for command in COMMANDS.values() if command.done}
    return found


def catalogue(language: str) -> dict[str, str]:
    """One language's texts by the English ones."""
    made: dict[str, str] = json.loads((STATIC / "locales" / f"{language}.json").read_text(encoding="utf-8"))
    return made


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_has_every_text_and_no_other(language: str) -> None:
    translated = catalogue(language)
    assert len(page_texts()) > 200
    assert sorted(page_texts() - set(translated)) == []
    assert sorted(set(translated) - page_texts() - declared_texts()) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_keep_the_places_for_values(language: str) -> None:
    places = re.compile(r"\{\w+\}")
    for english, own in catalogue(language).items():
        assert own.strip() == own != "", english
        assert sorted(places.findall(own)) == sorted(places.findall(english)), english


@pytest.mark.parametrize(("language", "word"), [("ja", "設定"), ("zh-CN", "设置"), ("ko", "설정")])
def test_the_page_speaks_the_browsers_language(visit: Callable[..., Visit], language: str, word: str) -> None:
    here = visit(locale=language)
    assert here.look("() => document.documentElement.lang") == language
    assert word in here.page.inner_text("#tab-setup") + here.look("() => document.getElementById('panel').ariaLabel")
    here.page.select_option("#language", "en")  # the user's own choice comes first
    here.page.wait_for_function("() => document.documentElement.lang === 'en' && window.facetracker?.isOpen")
    assert here.page.inner_text("#tab-setup") == "Setup"
    assert here.errors == []
