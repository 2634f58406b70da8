"""More guards, taken out of a copy and missed; see test_mutations.py."""

from __future__ import annotations

import pytest
from tests.faults.mutation import Mutation, copy_package, is_missed

FLOW, CONTRACT, ADAPTERS = "tests/unit/flow", "tests/contract", "tests/unit/adapters"

MUTATIONS = [
    Mutation(
        "the intent of a claim's head",
        "store/claiming.py",
        "number = ledger.begin(head)",
        "number = head.attempt + 1",
        f"{CONTRACT}/test_store.py::test_an_expired_lease_is_taken_over_with_a_higher_fence[sqlite]",
    ),
    Mutation(
        "a publisher holds the lanes it needs",
        "store/bus.py",
        " FOR KEY SHARE OF l)",
        ")",
        f"{CONTRACT}/test_shared_rows.py::test_a_lane_is_not_dropped_under_a_publisher",
    ),
    Mutation(
        "a plan older than the registry",
        "store/bus.py",
        ".scalar() != version:",
        ".scalar() is None:",
        f"{CONTRACT}/test_store.py::test_a_plan_older_than_the_registry_is_refused[sqlite]",
    ),
    Mutation(
        "readers wait for what commits late",
        "store/horizon.py",
        "return last - (held_back or 0)",
        "return last",
        f"{CONTRACT}/test_joined_publish.py::test_who_reads_on_passes_over_nothing_that_commits_late",
    ),
    Mutation(
        "an officer's delivery is told",
        "store/officers.py",
        "[events[row.job] for row in done]",
        "[]",
        "tests/integration/test_officers.py::test_a_doubt_resolved_as_delivered_is_told_like_any_delivery[sqlite]",
    ),
    Mutation(
        "each audit row follows the one before",
        "domain/audit_entry.py",
        'if row["message_id"] is not None and body.get("prev") != tip:',
        'if row["message_id"] is None:',
        "tests/integration/test_tampering.py",
    ),
    Mutation(
        "a worker that stood still sends nothing",
        "flow/push.py",
        " if claim.may_send else StoodStill()",
        "",
        f"{FLOW}/test_lost_workers.py::test_a_worker_stopped_between_two_messages_does_not_send_the_second[sqlite]",
    ),
    Mutation(
        "what may have been committed is not done again",
        "store/transactions.py",
        "if is_last or committing or not error.connection_invalidated:",
        "if is_last or not error.connection_invalidated:",
        f"{CONTRACT}/test_lost_connections.py::test_a_commit_whose_answer_is_lost_is_not_done_again[sqlite]",
    ),
    Mutation(
        "a connection found dead is replaced",
        "store/transactions.py",
        "if is_last or committing or not error.connection_invalidated:",
        "if error:",
        f"{CONTRACT}/test_lost_connections.py::test_a_connection_found_dead_costs_nothing[sqlite]",
    ),
    Mutation(
        "an outcome of our own is known again",
        "flow/settle.py",
        'row["outcome"] not in (None, "stale") for row in mine',
        "False for row in mine",
        f"{FLOW}/test_push.py::test_an_outcome_whose_commit_reply_was_lost_is_settled_once[sqlite]",
    ),
    Mutation(
        "an act behind the head opens no line",
        "store/officers.py",
        "AND d.id < :id)",
        "AND d.id < :id AND 1 = 0)",
        f"{FLOW}/test_lost_workers.py::test_an_act_on_a_message_does_not_open_what_blocks_its_line[sqlite]",
    ),
    Mutation(
        "a word that stands for none is no receipt",
        "adapters/soap/soap_proof.py",
        "        _check_reference(receipt.reference, inferred, shape)",
        "        pass",
        f"{ADAPTERS}/soap/test_soap_proof.py::test_a_sentence_in_the_place_of_a_return_value_is_no_reference",
    ),
    Mutation(
        "nothing is asked of another origin",
        "adapters/http_client.py",
        "if urls.origin(url) != urls.origin(self._endpoint):",
        "if not url:",
        f"{ADAPTERS}/test_http_client.py::test_a_url_of_another_origin_is_refused",
    ),
]


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """A copy of the package."""
    return copy_package(tmp_path_factory.mktemp("mutations"))


@pytest.mark.parametrize("mutation", MUTATIONS, ids=[mutation.guard for mutation in MUTATIONS])
def test_a_further_guard_that_is_taken_out_is_missed(package, mutation):
    """The named test fails without the guard. That it passes with it, the suite shows."""
    is_missed(mutation, package)
