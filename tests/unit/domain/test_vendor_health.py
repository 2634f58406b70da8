"""When a vendor is offline, and when it is back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hms_syn.domain.job_spec import Heartbeat
from hms_syn.domain.vendor_health import Health, VendorState, Verdict, after, is_news

ANSWERED, FAILED, UNASKED = Verdict.ANSWERED, Verdict.FAILED, Verdict.UNASKED
RULES = st.builds(
    Heartbeat, offline_after=st.integers(min_value=1, max_value=5), online_after=st.integers(min_value=1, max_value=5)
)
VERDICTS = st.lists(st.sampled_from(list(Verdict)), max_size=60)


def told(verdicts, rules, health=None):
    """The news that a row of pings makes, and the health at its end."""
    health, news = health or Health(), []
    for verdict in verdicts:
        now = after(health, verdict, rules)
        if is_news(health, now):
            news.append(now.state.value)
        health = now
    return news, health


def by_the_book(verdicts, rules):
    """The same, said in another way: look back over the whole history at every step."""
    state, news, asked = "unknown", [], []
    for verdict in verdicts:
        if verdict is UNASKED:
            continue
        asked.append(verdict)
        for wanted, length, new in ((FAILED, rules.offline_after, "offline"), (ANSWERED, rules.online_after, "online")):
            tail = asked[-length:]
            if len(tail) == length and set(tail) == {wanted} and state != new:
                news += [new] if "offline" in (state, new) else []
                state = new
    return news, state


@given(VERDICTS, RULES)
def test_the_counts_say_what_the_whole_history_says(verdicts, rules):
    news, health = told(verdicts, rules)
    assert (news, health.state.value) == by_the_book(verdicts, rules)


@given(VERDICTS, RULES)
def test_news_come_in_turns_and_begin_with_an_outage(verdicts, rules):
    news, _ = told(verdicts, rules)
    assert news == ["offline", "online"] * (len(news) // 2) + ["offline"] * (len(news) % 2)


@given(VERDICTS, VERDICTS, RULES)
def test_what_is_kept_between_two_pings_is_all_there_is_to_know(first, second, rules):
    """A restart in between forgets nothing and makes nothing up."""
    before, health = told(first, rules)
    stored = Health(state=VendorState(health.state.value), strikes=health.strikes, successes=health.successes)
    later, _ = told(second, rules, stored)
    assert before + later == told(first + second, rules)[0]


@given(st.lists(st.integers(min_value=0, max_value=2), min_size=1, max_size=30))
def test_flapping_below_the_threshold_is_no_news(failures):
    """However often a vendor fails once or twice, it is not offline while it answers in between."""
    verdicts = [verdict for count in failures for verdict in (ANSWERED, *[FAILED] * count)]
    assert told(verdicts, Heartbeat(offline_after=3))[0] == []


def test_the_third_failure_in_a_row_is_an_outage_and_one_answer_its_end():
    news, health = told([ANSWERED, FAILED, FAILED, FAILED, FAILED, ANSWERED], Heartbeat())
    assert (news, health.state, health.strikes) == (["offline", "online"], VendorState.ONLINE, 0)


@pytest.mark.parametrize("verdicts", [[ANSWERED], [FAILED, ANSWERED], [UNASKED, ANSWERED]])
def test_a_vendor_that_is_met_for_the_first_time_and_answers_is_no_news(verdicts):
    assert told(verdicts, Heartbeat())[0] == []


def test_a_vendor_that_has_never_answered_is_offline_too():
    assert told([FAILED] * 3, Heartbeat())[0] == ["offline"]
