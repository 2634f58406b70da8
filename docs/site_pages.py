"""What MkDocs is told of these pages: the navigation is docs/index.md, and links out of docs/ stay inside the site.

The pages are written to be read in the repository, where ``../tests/faults/test_kills.py`` leads to that file. On the
site such a file is a page of its own with the file's text, below ``repository/``; a folder is its README, or a list of
what is in it. So the site is whole without a network, and needs to know no forge. ``make docs`` builds it.
"""

# ruff: noqa: INP001 - MkDocs loads it as a script

from __future__ import annotations

import os
import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mkdocs.structure.files import File, InclusionLevel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
ELSEWHERE = "repository"
FENCE = re.compile(r"^(```.*?^```)$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?![a-z]+:|#)([^)\s#]+)(#[^)\s]*)?\)")
SECTION = re.compile(r"^\*\*(.+?)\*\*", re.MULTILINE)
ENTRY = re.compile(r"\[([^\]]+)\]\(([^)\s#:]+)\)")
LANGUAGES = {".py": "python", ".json": "json", ".yaml": "yaml", ".toml": "toml", ".wsdl": "xml", ".mjs": "javascript"}


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Take the navigation from the index: its sections in bold, and the links in each."""
    _, *parts = SECTION.split((DOCS / "index.md").read_text(encoding="utf-8"))
    sections = zip(parts[::2], parts[1::2], strict=True)
    config.nav = [{"Home": "index.md"}, *({title: list(_entries(text))} for title, text in sections)]
    return config


def _entries(text: str) -> Iterator[dict[str, Any]]:
    for label, link in ENTRY.findall(text):
        target = _target(DOCS / "index.md", link)
        if target.is_dir():
            yield {label: _address(target)}
            yield from ({_title(page): _address(page)} for page in sorted(target.glob("*.md")))
        elif target.is_relative_to(DOCS):
            yield {label: _address(target)}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add a page for each file and folder of the repository that a page leads to, and to which those lead."""
    todo = [DOCS / file.src_uri for file in files.documentation_pages()]
    while todo:
        page = todo.pop()
        for link, _ in LINK.findall(_prose(page)):
            target = _target(page, link)
            address = _address(target)
            if target.exists() and files.get_file_from_path(address) is None:
                files.append(_made(config, target, address))
                if _source(target).suffix == ".md":
                    todo.append(_source(target))
    return files


def _made(config: MkDocsConfig, target: Path, address: str) -> File:
    level = InclusionLevel.INCLUDED if address.startswith("decisions/") else InclusionLevel.NOT_IN_NAV
    if target.suffix == ".png":
        return File.generated(config, address, abs_src_path=str(target), inclusion=level)
    return File.generated(config, address, content=_content(_source(target)), inclusion=level)


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lead each link to the page that shows what it names."""
    del config, files
    source = _repository_path(page.file.src_uri)
    if source is None:
        return markdown

    def led(found: re.Match[str]) -> str:
        target = _target(source, found[1])
        if not target.exists():
            return found[0]  # MkDocs says so, with the page's name
        address = posixpath.relpath(_address(target), posixpath.dirname(page.file.src_uri) or ".")
        return f"]({address}{found[2] or ''})"

    return "".join(part if part.startswith("```") else LINK.sub(led, part) for part in FENCE.split(markdown))


def _repository_path(address: str) -> Path | None:
    """Return the Markdown file that a page of the site shows; None for a page that is made of something else."""
    inside = address.removeprefix(f"{ELSEWHERE}/")
    path = (DOCS if inside == address else ROOT) / inside
    return path if path.is_file() and path.suffix == ".md" else None


def _address(target: Path) -> str:
    """Return where the site has a file or folder, below docs/."""
    source = _source(target)
    if source.is_dir():
        source /= "index.md"
    elif source.suffix not in {".md", ".png"}:
        source = source.with_name(f"{source.name}.md")
    shown = source.is_relative_to(DOCS) and "examples" not in source.parts
    inside = source.relative_to(DOCS if shown else ROOT).as_posix()
    return inside if shown else f"{ELSEWHERE}/{inside}"


def _source(target: Path) -> Path:
    """Return the file that says what a target is: itself, or the README of a folder that has one."""
    readme = target / "README.md"
    return readme if readme.is_file() else target


def _content(source: Path) -> str:
    if source.suffix == ".md":
        return source.read_text(encoding="utf-8")
    title = source.relative_to(ROOT).as_posix()
    if source == DOCS / "decisions":
        pages = "\n".join(f"- [{_title(page)}]({page.name})" for page in sorted(source.glob("*.md")))
        return f"# Decisions\n\nWhy it is as it is, and what that costs. One page each.\n\n{pages}\n"
    head = f"---\nsearch: {{exclude: true}}\n---\n\n# {title}\n\n"
    if source.is_dir():
        return head + "".join(f"- `{path.relative_to(source)}`\n" for path in _files_below(source))
    language = LANGUAGES.get(source.suffix, "text")
    return f"{head}~~~~{language}\n{source.read_text(encoding='utf-8')}\n~~~~\n"


def _files_below(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)


def _target(page: Path, link: str) -> Path:
    return Path(os.path.normpath(page.parent / link))


def _prose(page: Path) -> str:
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def _title(page: Path) -> str:
    return page.read_text(encoding="utf-8").partition("# ")[2].partition("\n")[0]
