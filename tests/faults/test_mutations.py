"""A guard that can be taken out unnoticed is none: each of these is taken out of a copy, and a named test fails."""

from __future__ import annotations

import pytest
from tests.faults.mutation import Mutation, copy_package, is_missed, run

FLOW, STORE, ADAPTERS = "tests/unit/flow", "tests/contract/test_store.py", "tests/unit/adapters"

MUTATIONS = [
    Mutation(
        "the fence",
        "store/sync_queue.py",
        'HELD = "WHERE id = :lane AND fence = :fence AND owner = :owner"',
        'HELD = "WHERE id = :lane AND :fence = :fence AND :owner = :owner"',
        f"{STORE}::test_a_late_worker_cannot_settle[sqlite]",
    ),
    Mutation(
        "the intent before the send",
        "store/attempts.py",
        "                INTEND,\n",
        '                INTEND.replace(":delivery, ", "-:delivery, "),\n',
        f"{FLOW}/test_push.py::test_a_yes_is_the_end_of_it[sqlite]",
    ),
    Mutation(
        "a lane is dropped only when it is empty",
        "store/sync_queue.py",
        "  AND NOT EXISTS ({_OPEN}) RETURNING id",
        "  RETURNING id",
        f"{FLOW}/test_order.py::test_an_event_committed_late_under_a_lower_number_is_not_skipped[sqlite]",
    ),
    Mutation(
        "the watermark is not trusted for ever",
        "store/sync_queue.py",
        "LOOK_BACK = 16",
        "LOOK_BACK = 10**9",
        f"{FLOW}/test_order.py::test_the_watermark_is_not_trusted_for_ever[sqlite]",
    ),
    Mutation(
        "the audit chain's tip",
        "store/audit_trail.py",
        "WHERE message_id = :message_id AND tip = :before",
        "WHERE message_id = :message_id AND :before = :before",
        f"{STORE}::test_two_jobs_that_share_a_message_write_one_chain[sqlite]",
    ),
    Mutation(
        "the registry's version",
        "store/claiming.py",
        'CURRENT = "SELECT 1 FROM hms_syn_registry WHERE version = :version"',
        'CURRENT = "SELECT 1 FROM hms_syn_registry WHERE :version = :version"',
        f"{STORE}::test_an_announcement_planned_before_a_job_was_known_is_planned_again[sqlite]",
    ),
    Mutation(
        "the announcement is part of the settlement",
        "store/claiming.py",
        "            ledger.announce(self.tell[1].event)\n",
        "",
        f"{STORE}::test_an_acked_message_is_delivered_with_its_receipt[sqlite]",
    ),
    Mutation(
        "a closed gate",
        "store/sync_queue.py",
        "(maintenance.holds(connection, job, gate) or gate.closed)",
        "maintenance.holds(connection, job, gate)",
        f"{FLOW}/test_gate.py::test_a_vendor_that_asks_to_wait_is_left_alone_by_every_line[sqlite]",
    ),
    Mutation(
        "a probe is alone",
        "store/claiming.py",
        "probe = [gates.probe(claim.spec)] if claim.probing else []",
        "probe = []",
        f"{FLOW}/test_gate.py::test_a_probe_is_alone[sqlite]",
    ),
    Mutation(
        "the vendor's pace",
        "store/gates.py",
        "    gap = micros(1 / job.push.rate_limit)\n",
        "    return []\n    gap = 0\n",
        f"{FLOW}/test_gate.py::test_the_pace_is_shared_by_all_workers[sqlite]",
    ),
    Mutation(
        "a refused login opens the breaker at once",
        "store/gates.py",
        '"floor": breaker.after if at_once else 1',
        '"floor": 1',
        f"{FLOW}/test_gate.py::test_a_refused_login_opens_the_breaker[sqlite]",
    ),
    Mutation(
        "a lane is given up when its lease has run out",
        "store/claiming.py",
        "return self.then if self.claim.is_held else None",
        "return self.then",
        f"{FLOW}/test_lost_workers.py::test_a_worker_whose_lease_has_run_out_does_not_go_on_beside_its_heir[sqlite]",
    ),
    Mutation(
        "a rule's lines are its own",
        "store/sync_queue.py",
        "AND d.epoch = :epoch AND",
        "AND",
        f"{FLOW}/test_order.py::test_a_rule_that_comes_back_does_not_join_the_lines_of_its_first_time[sqlite]",
    ),
    Mutation(
        "lines of the old rule first",
        "store/sync_queue.py",
        "AND epoch = (SELECT MIN(epoch) FROM hms_syn_lane WHERE job = :job)",
        "",
        f"{FLOW}/test_order.py::test_another_ordering_key_does_not_let_a_later_message_overtake[sqlite]",
    ),
    Mutation(
        "no more lanes than the job may use",
        "store/sync_queue.py",
        "< :most",
        "< :most + 1000",
        f"{FLOW}/test_order.py::test_two_workers_together_take_no_more_lanes_than_the_job_may[sqlite]",
    ),
    Mutation(
        "an edit redirects nothing",
        "domain/claim.py",
        'return delivery.endpoint not in ("", self.spec.target_endpoint)',
        "return False",
        f"{FLOW}/test_order.py::test_an_edit_of_the_endpoint_redirects_nothing_that_waits[sqlite]",
    ),
    Mutation(
        "the vendor is asked before a resend",
        "flow/settle.py",
        '        return "ask"\n',
        '        return "resend"\n',
        f"{FLOW}/test_resolve.py::test_found_at_the_vendor_it_is_delivered_and_not_sent_again[sqlite]",
    ),
    Mutation(
        "a question has its settle time",
        "flow/settle.py",
        "return max(settle_time, backoff.wait(",
        "return max(0.0, backoff.wait(",
        f"{FLOW}/test_resolve.py::test_not_found_after_the_settle_time_it_is_sent_again[sqlite]",
    ),
    Mutation(
        "a refusal blocks where the job says so",
        "flow/settle.py",
        "        elif is_over and not blocks:\n",
        "        elif is_over:\n",
        f"{FLOW}/test_order.py::test_a_refused_message_blocks_its_line_where_the_job_says_so[sqlite]",
    ),
    Mutation(
        "attempts end where the job says so",
        "flow/settle.py",
        "(last is not None and attempt >= last and counts)",
        "(last is not None and attempt >= last + 99 and counts)",
        f"{FLOW}/test_push.py::test_the_last_allowed_attempt_sets_the_message_aside[sqlite]",
    ),
    Mutation(
        "a job does not feed on its own news",
        "flow/publish.py",
        'return event.agency == OURS and event.topic.startswith(f"syn.{taker.job}.")',
        "return False",
        f"{FLOW}/test_push.py::test_a_job_does_not_feed_on_its_own_announcements[sqlite]",
    ),
    Mutation(
        "ids of ours are ours",
        "domain/topic_event.py",
        "message_id.startswith(OUR_IDS) and agency != OURS",
        "message_id.startswith(OUR_IDS) and agency != agency",
        f"{FLOW}/test_publish.py::test_the_queues_own_ids_and_name_are_nobody_elses",
    ),
    Mutation(
        "a redirect is no answer",
        "adapters/http_status.py",
        'raise unknown(response, "redirect")',
        "return",
        f"{ADAPTERS}/test_lies.py",
    ),
    Mutation(
        "a receipt must be there",
        "adapters/mapping.py",
        "    if not _is_visible(text(reference)):\n",
        "    if False:\n",
        f"{ADAPTERS}/test_mapping.py",
    ),
    Mutation(
        "a word that is no known yes proves nothing",
        "adapters/soap/soap_proof.py",
        "        _check_statuses(answer, shape, statuses)\n",
        "",
        f"{ADAPTERS}/soap/test_soap_proof.py",
    ),
    Mutation(
        "a DTD is not read",
        "adapters/soap/soap_answer.py",
        "    if _has_doctype(root):\n",
        "    if False:\n",
        f"{ADAPTERS}/test_lies.py",
    ),
    Mutation(
        "the cap on decoded bytes",
        "adapters/http_wire.py",
        "        if size > limit:\n",
        "        if size > limit * 10**6:\n",
        f"{ADAPTERS}/test_http_client.py",
    ),
    Mutation(
        "the address that a name leads to",
        "adapters/urls.py",
        "    return addresses.refusal(address, allow_private) is not None",
        "    return False",
        f"{ADAPTERS}/test_http_client.py",
    ),
    Mutation(
        "Retry-After has its limit",
        "adapters/retry_after.py",
        "return min(float(given), LONGEST)",
        "return float(given)",
        f"{ADAPTERS}/test_retry_after.py",
    ),
]


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """A copy of the package."""
    return copy_package(tmp_path_factory.mktemp("mutations"))


@pytest.mark.parametrize("mutation", MUTATIONS, ids=[mutation.guard for mutation in MUTATIONS])
def test_a_guard_that_is_taken_out_is_missed(package, mutation):
    """The named test fails without the guard. That it passes with it, the suite shows."""
    is_missed(mutation, package)


def test_the_copy_is_what_those_tests_see(package):
    """Without a mutation the same tests pass on the copy: it is the copy that they run on."""
    marker = package / "hms_syn" / "domain" / "backoff.py"
    sound = marker.read_text(encoding="utf-8")
    marker.write_text(sound + "\nraise RuntimeError('the copy')\n", encoding="utf-8")
    try:
        done = run(package, [f"{FLOW}/test_gate.py::test_a_probe_is_alone[sqlite]"])
    finally:
        marker.write_text(sound, encoding="utf-8")
    assert "RuntimeError: the copy" in done.stdout
    assert run(package, [f"{FLOW}/test_gate.py::test_a_probe_is_alone[sqlite]"]).returncode == 0
