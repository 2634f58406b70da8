"""Any text, and any value of any key, is a job or a problem; files that mean harm are in ``hostile_files``."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hms_syn import errors
from hms_syn.job_files import load_job, model

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
