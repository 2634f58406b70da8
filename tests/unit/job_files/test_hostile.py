"""Files that mean harm, or are not text at all, cost little and give a problem."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hms_syn import errors
from hms_syn.job_files import load_job, model

HEAD = "job:\n  name: C\n  push_adapter: soap\n  source_topic: a.b\n  target_endpoint: https://court.example.gov/\n"
BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{new}: &{new} [{','.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
HOSTILE = {
    "brackets": b"[" * 2000,
    "braces": b"{a: " * 15000,
    "block nesting": b"".join(b" " * depth + b"a:\n" for depth in range(350)),
    "dashes": b"- " * 30000,
    "anchor bomb": BOMB.encode(),
    "recursive": b"job: &a [*a]\n",
    "too large": b"#" * (64 * 1024 + 1),
    "not utf-8": HEAD.encode() + b"  owner: \xff\xfe\n",
    "nul": HEAD.encode() + b"  owner: a\x00b\n",
    "utf-16": HEAD.encode("utf-16"),
    "many keys": (HEAD + "".join(f"  key{n}: 1\n" for n in range(5000))).encode(),
    "many duplicates": (HEAD + "  owner: x\n" * 4000).encode(),
    "long key": (HEAD + f"  {'k' * 900}: x\n  ? {'k' * 50000}\n  : x\n").encode(),
    "deep expression": (HEAD + "  push: {ordering_key: '" + "(" * 20000 + "'}\n").encode(),
    "long duration": (HEAD + f"heartbeat_interval: {'9' * 30000}s\n").encode(),
    "unending time": (HEAD + "heartbeat_interval: 9999999999999999y\n").encode(),
    "long number": (HEAD + f"  push: {{batch_size: {'9' * 30000}}}\n").encode(),
    "many variables": (HEAD + "  description: '" + "${A" * 15000 + "'\n  enabled: x\n").encode(),
    "cron of letters": (HEAD + "  push: {schedule: '*/0 1-99999 , ? L#'}\n").encode(),
    "bad port": (HEAD + "").replace("gov/", "gov:99999/").encode(),
    "bad host": (HEAD + "").replace("court.example.gov/", "[::1/").encode(),
    "tag directive": b"%TAG ! tag:yaml.org,2002:python/\n---\njob: !object/apply:os.system [id]\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_a_problem_within_two_seconds(tmp_path: Path, name: str) -> None:
    """Nothing but JobFileInvalid comes out, soon, with at most a hundred short lines."""
    file = tmp_path / "court.yaml"
    file.write_bytes(HOSTILE[name])
    started = time.process_time()
    with pytest.raises(errors.JobFileInvalid) as caught:
        load_job(file, adapters=["soap"])
    assert time.process_time() - started < 2
    assert 1 <= len(caught.value.problems) <= 101
    assert all(len(problem.text) < 400 and str(problem).isprintable() for problem in caught.value.problems)


@pytest.mark.parametrize("name", ["folder.yaml", "nowhere.yaml"])
def test_what_is_not_a_file_is_a_problem(tmp_path: Path, name: str) -> None:
    """A folder with a file's name, or a file that has just gone, stops nobody."""
    (tmp_path / "folder.yaml").mkdir()
    with pytest.raises(errors.JobFileInvalid):
        load_job(tmp_path / name, adapters=["soap"])


_WORDS = st.sampled_from(
    ["job:", "  name: x", "  push:", "    mapping: {a: [b, {c: 1}]}", "  retry: []", "heartbeat_interval: 1s",
     "  ? [a]", "  heartbeat:", "    interval: {}", "  tags: [[a], b]", "  allow_private: [::1, {}]",
     "  source_topic: [[]]",
     "  target_endpoint: http://[", "  pull: {cursor: []}", "    request: ${A}", "  id: ${HOME:-x}", "  - x",
     "  push: {success: {a: {b: c}}, ack: x, schema: .}", "  push_adapter: [x]", "  version: 1", "\tx", "&a", "*a"]
)  # fmt: skip


_ODD_VALUES = st.recursive(
    st.sampled_from(["x", "''", "", "~", "true", "no", "5", "-1", "1.5", "9e99", "30s", "0s", "'1 2 3 4 5'", "http://[",
                     "https://a:x/", "'*'", "../x", "${A}", "1.2.3.4/33", "'\\0'", "'\u202e'", "[", "@", "a||"]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2).map(lambda items: f"[{', '.join(items)}]"),
        st.tuples(st.sampled_from(["a", "page", "interval", "field", "token"]), inner).map("{{{0[0]}: {0[1]}}}".format),
    ),
    max_leaves=4,
)  # fmt: skip
_KEYS = st.sampled_from([(path, key) for path, section in model.SECTIONS.items() for key in model.keys_of(section)])


@settings(max_examples=300, deadline=None)
@example("job:\n  heartbeat: {interval: {}}\nheartbeat_interval: []\n")
@given(st.one_of(st.text(max_size=400), st.lists(_WORDS, max_size=12).map("\n".join)))
def test_any_text_is_a_job_or_a_problem(text: str) -> None:
    """Whatever stands in a file, loading it ends with a job or with JobFileInvalid."""
    loads_or_has_problems(text)


@settings(max_examples=500, deadline=None)
@given(_KEYS, _ODD_VALUES, st.sampled_from(["alone", "beside"]))
def test_any_value_of_any_key_is_read_or_a_problem(key: tuple[tuple[str, ...], str], value: str, beside: str) -> None:
    """Each known key copes with each kind of value, alone or beside sound ones."""
    path, name = key
    body = f"{{{name}: {value}}}"
    for part in reversed(path):
        body = f"{{{part}: {body}}}"
    sound = {"job": {"name": "x", "push_adapter": "soap", "source_topic": "a", "target_endpoint": "https://a.b/"}}
    if beside == "beside" and path[:1] == ("job",):
        rest = ", ".join(f"{word}: '{text}'" for word, text in sound["job"].items() if word != name)
        body = body.replace("{job: {", f"{{job: {{{rest}, ", 1)
    loads_or_has_problems(body)


def loads_or_has_problems(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "court.yaml")
        file.write_bytes(text.encode("utf-8", "surrogatepass"))
        found = ()
        try:
            load_job(file, adapters=["soap"])
        except errors.JobFileInvalid as error:
            found = error.problems or pytest.fail("no reason given")
    assert all(str(problem).isprintable() for problem in found)
