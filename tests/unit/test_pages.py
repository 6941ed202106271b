"""The pages that people read: both READMEs lead to all of them, and every link leads somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import ROOT

READMES = [ROOT / "README.md", ROOT / "README.en.md"]
PAGES = sorted((ROOT / "docs").glob("*.md"))
LINK = re.compile(r"\]\(([^)#:\s]*)(?:#([^)\s]+))?\)")


def anchors(page: Path) -> set[str]:
    """Return the names under which headings can be linked to, as code hosts make them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", [*READMES, *PAGES], ids=lambda page: page.name)
def test_every_link_leads_to_a_file_and_a_heading_that_exist(page: Path) -> None:
    for target, heading in LINK.findall(page.read_text(encoding="utf-8")):
        linked = (page.parent / target) if target else page
        assert linked.exists(), target
        assert not heading or heading in anchors(linked), (target, heading)


@pytest.mark.parametrize("readme", READMES, ids=lambda page: page.name)
def test_both_readmes_lead_to_every_page_once_in_their_list(readme: Path) -> None:
    text = readme.read_text(encoding="utf-8")
    listed = re.findall(r"\]\(docs/([^)]*)\)", text[max(text.rfind("## 文档"), text.rfind("## Documents")) :])
    assert sorted(listed) == sorted([*(page.name for page in PAGES), "adr"])


def test_both_readmes_list_the_pages_in_one_order() -> None:
    chinese, english = (
        [target for target, _ in LINK.findall(page.read_text(encoding="utf-8").rpartition("\n## ")[0]) if target]
        for page in READMES
    )
    assert chinese[-len(PAGES) - 1 :] == english[-len(PAGES) - 1 :]
