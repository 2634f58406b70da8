"""Bugs on bad days: wrong branches, late errors, loose tongues."""

from __future__ import annotations

from dataclasses import replace

from letterbox.adapter import LetterboxV1

from hms_syn import errors
from hms_syn.domain.ack import Ack


class Translating(LetterboxV1):
    """It raises another error than the one that came."""

    came, raised = errors.SynError, errors.SynError

    def send(self, message):
        try:
            return super().send(message)
        except self.came:
            raise self.raised from None


class TriesARefusalAgain(Translating):
    """A clear no leaves it in doubt."""

    caught_by = "test_a_no_is_refused"
    came, raised = errors.Refused, errors.OutcomeUnknown


class TakesLaterForANo(Translating):
    """A busy hour at the vendor sets messages aside for good."""

    caught_by = "test_later_is_vendor_busy"
    came, raised = errors.VendorBusy, errors.VendorRefused


class TriesALoginAgain(Translating):
    """It knocks with a wrong password until the vendor locks the account."""

    caught_by = "test_a_login_that_is_not_accepted_is_login_refused"
    came, raised = errors.LoginRefused, errors.VendorBusy


class NothingLeft(Translating):
    """It says that nothing was sent when the vendor may have everything."""

    caught_by = "test_silence_is_outcome_unknown"
    came, raised = errors.OutcomeUnknown, errors.NotSent


class SomebodyElsesError(Translating):
    """What it raises is no error of ours."""

    caught_by = "test_nobody_there_is_not_sent"
    came, raised = errors.NotSent, ConnectionRefusedError


class SwallowsErrors(LetterboxV1):
    """It always has a receipt."""

    caught_by = "test_nobody_there_is_not_sent"

    def send(self, message):
        try:
            return super().send(message)
        except errors.SynError:
            return Ack(reference="LB-0")


class TakesItsTime(LetterboxV1):
    """Its timeout is its own."""

    caught_by = "test_silence_is_outcome_unknown"
    _push_timeout = 2.0


class StaysBroken(LetterboxV1):
    """One failure, and it never tries again."""

    caught_by = "test_it_works_again_afterwards[busy]"
    _failed = None

    def send(self, message):
        if self._failed:
            raise errors.NotSent
        try:
            return super().send(message)
        except errors.SynError:
            self._failed = True
            raise


class TellsThePayload(LetterboxV1):
    """Its errors say what they are about."""

    caught_by = "test_an_error_tells_nothing[refusing]"

    def send(self, message):
        try:
            return super().send(message)
        except errors.Refused as error:
            raise errors.VendorRefused(f"Refused: {dict(message.payload)}") from error


class TellsAllInTheCause(LetterboxV1):
    """Its error is silent, and the one that led to it is not."""

    caught_by = "test_an_error_tells_nothing[silent]"

    def send(self, message):
        try:
            return super().send(message)
        except errors.OutcomeUnknown:
            raise errors.OutcomeUnknown from ValueError(message.payload["text"])


class RepeatsTheVendor(LetterboxV1):
    """It hands on what the vendor said."""

    caught_by = "test_an_error_tells_nothing[busy]"

    def send(self, message):
        try:
            return super().send(message)
        except errors.VendorBusy:
            raise errors.VendorBusy("The vendor says: too many letters today") from None


class TellsItsToken(LetterboxV1):
    """It says with what it tried."""

    caught_by = "test_an_error_tells_nothing[locked]"

    def send(self, message):
        try:
            return super().send(message)
        except errors.LoginRefused:
            raise errors.LoginRefused(f"Not accepted: {self._login.password}") from None


class TellsWhatDidNotFit(LetterboxV1):
    """It shows the whole of a payload that lacks something."""

    caught_by = "test_a_payload_that_does_not_fit_is_not_told"

    def send(self, message):
        if "text" not in message.payload:
            raise errors.UnmappablePayload(f"No text in {dict(message.payload)}")
        return super().send(message)


class ShowsItself(LetterboxV1):
    """Its repr is good for debugging."""

    caught_by = "test_the_adapter_shows_no_secret"

    def __repr__(self):
        return f"LetterboxV1(token={self._login.password!r})"


class FindsWhatWasNeverSent(LetterboxV1):
    """It is content with any letter."""

    caught_by = "test_what_was_not_sent_is_not_found"

    def find(self, message):
        return super().find(message) or Ack(reference="LB-1")


class FindsByAnotherName(LetterboxV1):
    """What it finds is not what it was told."""

    caught_by = "test_what_was_sent_is_found_with_its_receipt"

    def find(self, message):
        found = super().find(message)
        return found and replace(found, reference=f"{found.reference}/1")


class FindsWhatItTried(LetterboxV1):
    """It remembers what it sent instead of asking what arrived."""

    caught_by = "test_a_message_that_was_sent_in_silence_is_found"

    def __init__(self, *parts):
        super().__init__(*parts)
        self._tried = set()

    def send(self, message):
        self._tried.add(message.idempotency_key)
        return super().send(message)

    def find(self, message):
        return Ack(reference="LB-1") if message.idempotency_key in self._tried else None


class AsksBySending(LetterboxV1):
    """It asks for a message by sending it again."""

    caught_by = "test_asking_makes_nothing"

    def find(self, message):
        return self.send(message)


class TakesNoAnswerForANo(LetterboxV1):
    """Whom it cannot ask has nothing."""

    caught_by = "test_no_answer_is_not_a_no[down]"

    def find(self, message):
        try:
            return super().find(message)
        except errors.SynError:
            return None


class RefusesWhatItAsksFor(LetterboxV1):
    """A question that is not answered sets the message aside."""

    caught_by = "test_no_answer_is_not_a_no[busy]"

    def find(self, message):
        try:
            return super().find(message)
        except errors.VendorBusy:
            raise errors.Refused from None
