"""What can go wrong, and what to do about it.

    SynError
    ├── TryAgain               the queue tries again by itself
    │   ├── NotSent            no request byte left this machine
    │   ├── VendorBusy         the vendor said "later"
    │   │   └── LoginRefused   the vendor does not accept our login; every message would meet the same
    │   ├── StoreUnavailable   our own database did not answer
    │   └── StoodStill         our own worker was frozen before it sent
    ├── OutcomeUnknown         bytes left, and no clear yes or no came back
    ├── Refused                a clear no, for this message
    │   ├── VendorRefused      by the vendor
    │   └── UnmappablePayload  by our own mapping, before anything was sent
    ├── NeedsOfficer           nothing gets better until a person changes something
    │   ├── InvalidEvent       the publisher's event cannot be accepted
    │   ├── PayloadConflict    one message id, two payloads
    │   │   └── Erased         the payload was erased; nothing brings it back
    │   ├── KeysNotReady       the keys that payloads are sealed with are not to be had
    │   ├── CannotOpen         one sealed payload does not open: its key is missing, or it was altered
    │   ├── JobFileInvalid     a job file with problems, each with file:line:col
    │   ├── ContractMismatch   the vendor's contract and the job do not fit together
    │   ├── UnknownAdapter
    │   ├── UnknownJob
    │   ├── UnknownMessage
    │   ├── ActRefused         an officer's act that does not fit where the message or job stands
    │   ├── StoreNotReady      tables missing or from another release
    │   ├── StoreRightsMissing our database user may not do what it must
    │   ├── StoreNotConfigured no address of the store in this process
    │   ├── AuditKeyUnusable   the file of the key that signs tree heads cannot be used
    │   ├── CheckpointInvalid  a file is no checkpoint, proof, key or export of the audit trail
    │   └── AuditBroken        the audit trail does not verify
    └── StaleLease             another worker has taken over

The branch decides what happens next; nothing ever reads a message's text to find out. A class's docstring is its
default message, so each is a sentence fit for an officer. No error carries a vendor's words, a payload or a secret:
``code`` is a short stable word, ``detail`` holds names, counts and digests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hms_syn.domain.problem import Problem


class SynError(Exception):
    """Something went wrong in HMS-SYN."""

    code = "error"

    def __init__(self, message: str | None = None, *, code: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip().split("\n", maxsplit=1)[0])
        if code is not None:
            self.code = code


class TryAgain(SynError):
    """It did not work this time; the queue will try again by itself."""

    code = "try_again"

    def __init__(
        self, message: str | None = None, *, code: str | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(message, code=code)
        self.retry_after = retry_after
        """Seconds the other side asked us to wait, or None."""


class NotSent(TryAgain):
    """No byte of the request left this machine; the message waits and will be sent again."""

    code = "not_sent"


class VendorBusy(TryAgain):
    """The vendor asked us to come back later; the message waits."""

    code = "vendor_busy"


class LoginRefused(VendorBusy):
    """The vendor does not accept our login; correct the connection. Messages wait, and few attempts are made."""

    code = "login_refused"


class StoreUnavailable(TryAgain):
    """The queue's database did not answer; nothing was accepted and nothing was sent."""

    code = "store_unavailable"


class StoodStill(TryAgain):
    """Our own worker was stopped for too long before it sent; nothing was sent, and the message waits."""

    code = "stood_still"


class OutcomeUnknown(SynError):
    """The request left, but no clear yes or no came back; the vendor may have it."""

    code = "unknown"


class Refused(SynError):
    """This message was refused for good and is set aside with its reason."""

    code = "refused"


class VendorRefused(Refused):
    """The vendor refused this message for good."""

    code = "vendor_refused"


class UnmappablePayload(Refused):
    """This payload cannot be put into the vendor's form; nothing was sent."""

    code = "unmappable_payload"


class NeedsOfficer(SynError):
    """A person must change something before this can go on."""

    code = "needs_officer"


class InvalidEvent(NeedsOfficer):
    """This event cannot be published as it is; correct the topic or payload and publish again."""

    code = "invalid_event"


class PayloadConflict(NeedsOfficer):
    """This message id was published before with another payload; use a new id for a new fact."""

    code = "payload_conflict"


class Erased(PayloadConflict):
    """This message's payload was erased; nothing brings it back, and its id stays taken."""

    code = "erased"


class KeysNotReady(NeedsOfficer):
    """The keys that payloads are sealed with are not to be had; nothing was accepted and nothing was sent."""

    code = "keys_not_ready"


class CannotOpen(NeedsOfficer):
    """A sealed payload does not open; its key is missing, or it was altered."""

    code = "cannot_open"


class JobFileInvalid(NeedsOfficer):
    """The job file has problems; correct them and lint again."""

    code = "job_file_invalid"

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems) or None)
        self.problems = tuple(problems)


class ContractMismatch(NeedsOfficer):
    """The vendor's contract and the job file do not fit together; the message says what to add."""

    code = "contract_mismatch"


class UnknownAdapter(NeedsOfficer):
    """No adapter of this name is installed."""

    code = "unknown_adapter"


class UnknownJob(NeedsOfficer):
    """No job of this id is known to the queue; check the id, or start its file first."""

    code = "unknown_job"


class UnknownMessage(NeedsOfficer):
    """No message of this id is known to the queue; 'hms-syn trace' finds it by other words."""

    code = "unknown_message"


class ActRefused(NeedsOfficer):
    """This cannot be done to a message or job in its present state; the message says what that is."""

    code = "act_refused"


class StoreNotReady(NeedsOfficer):
    """The queue's tables are missing or from another release; run 'airflow db migrate'."""

    code = "store_not_ready"


class StoreRightsMissing(NeedsOfficer):
    """The queue's database user may not do what it must; 'hms-syn init --sql' prints the rights it needs."""

    code = "store_rights_missing"


class StoreNotConfigured(NeedsOfficer):
    """This process does not know the queue's database; define the Airflow connection 'hms_syn_db'."""

    code = "store_not_configured"


class AuditKeyUnusable(NeedsOfficer):
    """The key that signs tree heads cannot be read; nothing is sealed until '[hms_syn] audit_key_file' is right."""

    code = "audit_key_unusable"


class CheckpointInvalid(NeedsOfficer):
    """This is no checkpoint, proof, key or export of an audit trail; nothing was compared with it."""

    code = "checkpoint_invalid"


class AuditBroken(NeedsOfficer):
    """The audit trail does not verify; keep the database as it is and compare it with a backup."""

    code = "audit_broken"

    def __init__(self, message: str | None = None, *, seq: int = 0) -> None:
        super().__init__(message)
        self.seq = seq
        """The first row that is wrong."""


class StaleLease(SynError):
    """Another worker has taken over this lane; this worker's result is not accepted."""

    code = "stale"
