"""A YAML file as written: text, maps and lists, each with its place, and nothing that could surprise.

Nothing here guesses a type: ``NO``, ``1:30``, ``0123`` and ``2024-09-02`` are the characters that were typed, and the
field they are for decides. What could make two readers of one file disagree is refused: duplicate keys, anchors,
aliases, merge keys, tags, keys that are not text, further documents, invisible characters.
"""

from __future__ import annotations

import functools
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from hms_syn.domain.problem import Problem
from hms_syn.job_files.nodes import INVISIBLE, Entry, Items, Node, Place, Scalar, Table, dotted, shown

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MAX_BYTES = 64 * 1024
MAX_DEPTH = 20
MAX_PROBLEMS = 100

_FOLDER = "is a folder, not a file; a container's mount makes one where the file it mounts is missing"
_QUOTE = "put the value in quotes"
_CURES = {
    "found character that cannot start any token": f"{_QUOTE}; where a tab stands, write blanks",
    "found a tab character that violates indentation": "indent with blanks",
    "mapping values are not allowed in this context": f"indent as the lines above; where a value holds ': ', {_QUOTE}",
    "could not find expected ':'": "write 'key: value', with an ordinary blank after the colon",
    "found unknown escape character": "in double quotes write '\\\\' for a backslash, or use single quotes",
    "found invalid Unicode character escape code": "write the character itself",
    "found incompatible YAML document": "take the line '%YAML' out",
    "did not find expected ',' or ']'": "close the list that begins in line {begun} with ']', or write a comma here",
    "did not find expected ',' or '}'": "close the map that begins in line {begun} with '}}', or write a comma here",
    "found unexpected end of stream": "close the quote or bracket that begins here",
}
"""By what the parser says: what to do about it."""
_AT_BEGINNING = frozenset({"could not find expected ':'", "found unexpected end of stream"})
"""What the parser notices late: the mistake stands where it began to read."""

_PARSER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_RESOLVER: Any = yaml.resolver.Resolver()
_TEXT_TAG = "tag:yaml.org,2002:str"


@dataclass(slots=True)
class _Frame:
    """A map or list that is still open. ``entries`` is None for a list."""

    place: Place
    entries: dict[str, Entry] | None
    nodes: list[Node] = field(default_factory=list)
    key: str | None = None
    key_place: Place | None = None


class _UnreadableError(Exception):
    """The rest of the file cannot be read."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def read(path: Path) -> tuple[Table | None, list[Problem]]:
    """Return the file's map and everything wrong with it as YAML; None when it cannot be judged any further."""
    file = str(path)
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            next(path.iterdir(), None)  # one that may not be looked into says so
            return None, [Problem(file=file, text=_FOLDER)]
        if not stat.S_ISREG(mode):
            return None, [Problem(file=file, text="is not a regular file; a job is a file of text")]
        with path.open("rb") as stream:
            body = stream.read(MAX_BYTES + 1)
    except OSError as error:
        return None, [Problem(file=file, text=f"cannot be read: {error.strerror or 'unknown error'}")]
    return parse(body, file=file)


def parse(body: bytes, *, file: str) -> tuple[Table | None, list[Problem]]:
    """Return the same as :func:`read` for bytes that are already here; ``file`` is the name problems carry."""
    builder = _Builder(file)
    try:
        text = _decoded(body, file)
        loader = _PARSER(text)
        try:
            builder.feed_all(loader.get_event)
        finally:
            loader.dispose()
    except _UnreadableError as stop:
        return None, [*builder.problems[:MAX_PROBLEMS], stop.problem]
    except yaml.MarkedYAMLError as error:
        return None, [*builder.problems[:MAX_PROBLEMS], _syntax_problem(error, file)]
    except yaml.YAMLError:
        return None, [*builder.problems[:MAX_PROBLEMS], Problem(file=file, text="is not valid YAML")]
    return _table(builder, file), builder.problems


def _decoded(body: bytes, file: str) -> str:
    if len(body) > MAX_BYTES:
        raise _UnreadableError(Problem(file=file, text="is larger than 64 KiB; split it into several jobs"))
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise _UnreadableError(Problem(file=file, line=line, text="is not UTF-8; save it as UTF-8 text")) from None
    lines = text.replace("\r\n", "\n")
    hidden = None if lines.replace("\n", "").isprintable() else INVISIBLE.search(lines)
    if hidden is None:
        return text
    before = lines[: hidden.start()]
    line, column = before.count("\n") + 1, hidden.start() - (before.rfind("\n") + 1) + 1
    raise _UnreadableError(Problem(file=file, line=line, column=column, text=_hidden_text(hidden[0])))


def _hidden_text(char: str) -> str:
    if char == "\r":
        return "ends its lines with carriage returns alone; save it with the line ends of Unix or Windows"
    return f"holds the invisible character U+{ord(char):04X}; take it out"


@functools.lru_cache(maxsize=1024)
def _is_text(plain: str) -> bool:
    """Return whether a plain scalar is text to every reader of YAML; the same few keys stand in every job file."""
    is_text: bool = _RESOLVER.resolve(yaml.ScalarNode, plain, (True, False)) == _TEXT_TAG
    return is_text


def _odd_blank(text: str) -> str:
    """Return the blank that YAML takes for a letter at either end of a text; empty when there is none."""
    return next((char for char in (text[:1], text[-1:]) if char.isspace() and not char.isascii()), "")


def _syntax_problem(error: yaml.MarkedYAMLError, file: str) -> Problem:
    marks = (error.problem_mark, error.context_mark)
    mark = next(filter(None, marks[::-1] if error.problem in _AT_BEGINNING else marks), None)
    what = shown(error.problem or error.context or "unknown error")
    cure = _CURES.get(what, "check indentation (spaces only), quotes and brackets here")
    begun = (error.context_mark or mark).line + 1 if mark else 1
    return Problem(
        file=file,
        line=mark.line + 1 if mark else 1,
        column=mark.column + 1 if mark else 1,
        text=f"is not valid YAML ({what}); {cure.format(begun=begun)}",
    )


def _table(builder: _Builder, file: str) -> Table | None:
    root = builder.root
    if isinstance(root, Table):
        return root
    if not builder.problems:
        empty = root is None or (isinstance(root, Scalar) and root.plain and not root.text)
        what = "is empty" if empty else "is not a map"
        builder.problems.append(Problem(file=file, text=f"{what}; a job file begins with 'job:'"))
    return None


class _Builder:
    """Turns the parser's events into nodes without recursion, so that no file can exhaust the stack."""

    def __init__(self, file: str) -> None:
        self.problems: list[Problem] = []
        self.root: Node | None = None
        self._file = file
        self._frames: list[_Frame] = []
        self._documents = 0

    def feed_all(self, next_event: Callable[[], yaml.Event]) -> None:
        """Take the parser's events to their end. A thousand files have some seventy each, so each costs as it must."""
        take: dict[type, Callable[[Any], None]] = {
            yaml.ScalarEvent: self._scalar,
            yaml.MappingStartEvent: self._open,
            yaml.SequenceStartEvent: self._open,
            yaml.MappingEndEvent: self._close,
            yaml.SequenceEndEvent: self._close,
            yaml.AliasEvent: self._alias,
            yaml.DocumentStartEvent: self._document,
        }
        event: Any = next_event()
        while type(event) is not yaml.StreamEndEvent:
            taken = take.get(type(event))
            if taken is not None:
                taken(event)
            event = next_event()

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        mark: Any = event.start_mark
        place = Place(self._file, mark.line + 1, mark.column + 1)
        if event.anchor is not None or event.tag is not None:
            self._look_at_marks(event, place)
        if not event.value.isprintable():
            self._look_closely(event, place)
        self._add(Scalar(event.value, bool(event.implicit[0]) and not event.style, place))

    def _open(self, event: yaml.CollectionStartEvent) -> None:
        place = self._place(event)
        if event.anchor is not None or event.tag is not None:
            self._look_at_marks(event, place)
        if len(self._frames) >= MAX_DEPTH:
            self._frames.clear()
            raise _UnreadableError(self._problem(place, f"is nested deeper than {MAX_DEPTH} levels"))
        self._frames.append(_Frame(place, {} if isinstance(event, yaml.MappingStartEvent) else None))

    def _close(self, _: yaml.CollectionEndEvent) -> None:
        self._add(_closed(self._frames.pop()))

    def _alias(self, event: yaml.AliasEvent) -> None:
        place = self._place(event)
        self._report(place, "aliases ('*') are not allowed; write the value out")
        self._add(Scalar(text="", plain=True, place=place))

    def _document(self, event: yaml.DocumentStartEvent) -> None:
        self._documents += 1
        if self._documents > 1:
            raise _UnreadableError(self._problem(self._place(event), "holds a second document ('---'); one job a file"))

    def _add(self, node: Node) -> None:
        if not self._frames:
            self.root = node
            return
        frame = self._frames[-1]
        if frame.entries is None:
            frame.nodes.append(node)
        elif frame.key_place is None:
            self._open_key(frame, node)
        else:
            if frame.key is not None and frame.key not in frame.entries:
                frame.entries[frame.key] = Entry(frame.key_place, node)
            frame.key = frame.key_place = None

    def _open_key(self, frame: _Frame, node: Node) -> None:
        frame.key_place = node.place
        if not isinstance(node, Scalar):
            self._report(node.place, "a key must be text, not a map or list")
            return
        if node.plain and node.text == "<<":
            self._report(node.place, "merge keys ('<<') are not allowed; write the keys out")
            return
        frame.key = node.text
        if node.plain and not _is_text(node.text):
            self._report(node.place, f"the key {shown(node.text)!r} is not text; put it in quotes")
        first = (frame.entries or {}).get(node.text)
        if first is not None:
            self._report(node.place, f"duplicate key; it already stands in line {first.key_place.line}")

    def _look_at_marks(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent, place: Place) -> None:
        if event.anchor is not None:
            self._report(place, "anchors ('&') are not allowed; write the value out where it is needed")
        if event.tag is not None:
            self._report(place, "tags ('!') are not allowed; write the plain value")

    def _look_closely(self, event: yaml.ScalarEvent, place: Place) -> None:
        hidden = INVISIBLE.search(event.value)
        if hidden is not None:
            self._report(place, _hidden_text(hidden[0]))
        elif event.implicit[0] and (blank := _odd_blank(event.value)):
            self._report(place, f"begins or ends with U+{ord(blank):04X}, which only looks like a blank; take it out")

    def _place(self, event: yaml.Event) -> Place:
        mark: Any = event.start_mark
        return Place(self._file, mark.line + 1, mark.column + 1)

    def _report(self, place: Place, text: str) -> None:
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(self._problem(place, text))

    def _problem(self, place: Place, text: str) -> Problem:
        parts = (len(frame.nodes) if frame.entries is None else frame.key for frame in self._frames)
        key = dotted(tuple(part for part in parts if part is not None))
        return Problem(file=place.file, line=place.line, column=place.column, key=key, text=text)


def _closed(frame: _Frame) -> Node:
    if frame.entries is None:
        return Items(nodes=tuple(frame.nodes), place=frame.place)
    return Table(entries=frame.entries, place=frame.place)
