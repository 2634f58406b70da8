"""Bugs of ``send`` and ``preview``."""

from __future__ import annotations

import logging
import time
import uuid
from dataclasses import replace

from letterbox.adapter import LetterboxV1

from hms_syn import errors
from hms_syn.domain.ack import Ack


class BelievesEveryAnswer(LetterboxV1):
    """It takes a status of success for a receipt."""

    caught_by = "test_an_answer_without_proof_is_no_receipt"

    def send(self, message):
        try:
            return super().send(message)
        except errors.OutcomeUnknown:
            return Ack(reference="OK")


class NamesThingsItself(LetterboxV1):
    """Its receipt is our own key, which proves nothing."""

    caught_by = "test_a_yes_is_the_vendors_own_reference"

    def send(self, message):
        super().send(message)
        return Ack(reference=message.idempotency_key)


class KeyOfItsOwn(LetterboxV1):
    """It makes up the key that the vendor sees."""

    caught_by = "test_the_key_reaches_the_vendor"

    def send(self, message):
        return super().send(replace(message, idempotency_key=str(uuid.uuid5(uuid.NAMESPACE_URL, message.message_id))))


class NewKeyOnARepeat(LetterboxV1):
    """Its second attempt is another message to the vendor."""

    caught_by = "test_a_repeat_is_the_same_thing"

    def send(self, message):
        key = message.idempotency_key
        return super().send(replace(message, idempotency_key=f"{key}-{message.attempt}" if message.attempt else key))


class OneForAll(LetterboxV1):
    """It keys a message by what it says, so that two alike are one."""

    caught_by = "test_every_message_is_a_thing_of_its_own"

    def send(self, message):
        return super().send(replace(message, idempotency_key="0" * 8))


class CountsItsAttempts(LetterboxV1):
    """It writes the number of the attempt into the body."""

    caught_by = "test_every_attempt_carries_the_same_bytes"

    def preview(self, message):
        return super().preview(replace(message, payload={**message.payload, "attempt": message.attempt}))


class SendsAPreview(LetterboxV1):
    """It lets the vendor tell what a message looks like."""

    caught_by = "test_a_preview_sends_nothing"
    _previewing = True

    def preview(self, message):
        if self._previewing:
            self._previewing = False
            self.send(message)
            self._previewing = True
        return super().preview(message)


class StampsAPreview(LetterboxV1):
    """It writes the time into what it shows."""

    caught_by = "test_a_preview_is_the_same_each_time"

    def preview(self, message):
        return super().preview(replace(message, payload={**message.payload, "at": time.time_ns()}))


class ShowsNothing(LetterboxV1):
    """Its preview is a placeholder."""

    caught_by = "test_a_preview_shows_the_message"
    _sending = False

    def send(self, message):
        self._sending = True
        try:
            return super().send(message)
        finally:
            self._sending = False

    def preview(self, message):
        return super().preview(message) if self._sending else b"{...}"


class ShowsItsToken(LetterboxV1):
    """Its preview is ready to be pasted into a shell."""

    caught_by = "test_a_preview_holds_no_credentials"

    def preview(self, message):
        return super().preview(replace(message, payload={**message.payload, "auth": self._login.password}))


class StripsTexts(LetterboxV1):
    """It tidies up what a publisher wrote."""

    caught_by = "test_a_text_arrives_exactly_or_is_refused[spaces]"

    def preview(self, message):
        return super().preview(replace(message, payload={k: v.strip() for k, v in message.payload.items()}))


class NoGoodForSomeTexts(LetterboxV1):
    """A text that it cannot write stops the whole job."""

    caught_by = "test_a_text_arrives_exactly_or_is_refused[emoji]"

    def preview(self, message):
        if not str(message.payload).isascii():
            raise errors.ContractMismatch
        return super().preview(message)


class SharesItsDesk(LetterboxV1):
    """Two of them write on one sheet of paper."""

    caught_by = "test_two_of_one_job_do_not_disturb_each_other"
    desk: list = []  # noqa: RUF012 - the bug

    def send(self, message):
        self.desk[:] = [message]
        time.sleep(0.005)
        return super().send(self.desk[0])


class LogsWhatItSends(LetterboxV1):
    """It helps whoever looks for a fault."""

    caught_by = "test_the_log_tells_nothing"

    def send(self, message):
        logging.getLogger("letterbox").debug("sending %s", dict(message.payload))
        return super().send(message)
