"""Has the other side said yes? For workflows that go on when a message was delivered."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseSensorOperator, PokeReturnValue
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from hms_syn.domain.wait import Wait
from hms_syn.errors import StoreUnavailable, TryAgain
from hms_syn.triggers.delivered import Delivered

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

    from airflow.sdk import Context

    from hms_syn.store.receipts import Receipts

WAYS_OUT = {
    "dead_letter": "It was set aside: mend what is wrong, 'hms-syn replay' it, and clear this task.",
    "discarded": "An officer has given it up; it will not be delivered.",
}


class DeliveredSensor(BaseSensorOperator):
    """Succeeds when a message was delivered at a job's vendor, and returns the receipt.

    The receipt is a mapping with ``message_id``, ``job``, ``state``, ``reference`` (the vendor's own), ``status``,
    ``code``, ``attempts`` and ``settled_at``; never a payload. A message that was delivered before the sensor began
    counts; one that nobody has published yet is waited for.

    With ``ordering_key`` it means one message, chosen once, when the sensor begins: the newest of that key that the job
    has taken until then; where there is none, the first that it takes afterwards. The key is the publisher's
    ``ordering_key`` or what the job's ``push.ordering_key`` finds.

    A message that is set aside or discarded fails the task at once and for good.

    :param job: the job's id
    :param message_id: the message's id, or
    :param ordering_key: a key, as above
    :param since: with ``ordering_key``, ignore messages published before this moment (ISO 8601 with an offset)
    :param on_dead_letter: ``fail``, or ``wait`` for an officer to replay it
    :param deferrable: wait in the triggerer (default), or hold a worker and look every ``poke_interval`` seconds
    :param timeout: seconds after which the wait fails
    :raises ValueError: both or neither of message_id and ordering_key are given
    """

    template_fields: Sequence[str] = ("job", "message_id", "ordering_key", "since")
    ui_color = "#e3f1ee"

    def __init__(
        self,
        *,
        job: str,
        message_id: str | None = None,
        ordering_key: str | None = None,
        since: datetime | str | None = None,
        on_dead_letter: str = "fail",
        deferrable: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if (message_id is None) is (ordering_key is None):
            raise ValueError("DeliveredSensor: give either message_id or ordering_key")
        if since is not None and ordering_key is None:
            raise ValueError("DeliveredSensor: since belongs to ordering_key; a message_id is one message for ever")
        if on_dead_letter not in ("fail", "wait"):
            raise ValueError("DeliveredSensor: on_dead_letter is 'fail' or 'wait'")
        self.job = job
        self.message_id = message_id
        self.ordering_key = ordering_key
        self.since = since
        self.on_dead_letter = on_dead_letter
        self.deferrable = deferrable
        self._wait: Wait | None = None

    def execute(self, context: Context) -> Any:
        """Look once; then wait in the triggerer, or here."""
        if not self.deferrable:
            return super().execute(context)
        receipt = self._look()
        if receipt is None:
            if self._wait is None and self.ordering_key is not None:  # only the store knows which message it means
                raise StoreUnavailable("The queue could not be read when the wait began; Airflow's next try begins it")
            self.defer(
                trigger=Delivered(**dataclasses.asdict(self._wait or self._wanted())),
                method_name="go_on",
                timeout=timedelta(seconds=self.timeout),
            )
        return self.go_on(context, receipt)

    def poke(self, context: Context) -> PokeReturnValue:
        """Look once."""
        receipt = self._look()
        if receipt is None:
            return PokeReturnValue(is_done=False)
        return PokeReturnValue(is_done=True, xcom_value=self.go_on(context, receipt))

    def go_on(self, context: Context, event: dict[str, Any]) -> dict[str, Any]:
        """Return the receipt of a delivery; fail where it ended otherwise."""
        del context
        here = f"{event['message_id']} at {event['job']}"
        if event["state"] != "delivered":
            ended = f"{event['state']} {event['code'] or ''}".rstrip()
            self._fail(f"{here}: {ended}. {WAYS_OUT.get(event['state'], '')}".rstrip())
        self.log.info("%s was delivered: %s (attempt %d)", here, event["reference"], event["attempts"])
        return event

    def _look(self) -> dict[str, Any] | None:
        """Return the receipt if there is one; say what is missing at the first look."""
        from hms_syn.hooks.audit import AuditHook  # noqa: PLC0415 - keeps parsing light
        from hms_syn.store.receipts import Receipts  # noqa: PLC0415 - keeps parsing light

        try:
            receipts = Receipts(AuditHook().store)
            is_first, wait = self._wait is None, self._begun(receipts)
            receipt = receipts.of([wait]).get(wait)
            if receipt is None and is_first:
                self.log.info("Waiting: %s", receipts.why_not_yet(wait))
        except TryAgain as error:
            self.log.warning("The queue cannot be read now (%s); going on waiting: %s", error.code, error)
            return None
        return receipt

    def _begun(self, receipts: Receipts) -> Wait:
        """Return what is waited for; a key is made one message at the first look, if there is one."""
        if self._wait is None:
            wait = self._wanted()
            if wait.message_id is None and (newest := receipts.newest(wait)) is not None:
                wait = dataclasses.replace(wait, message_id=newest, ordering_key=None)
            self._wait = wait
        return self._wait

    def _wanted(self) -> Wait:
        return Wait(
            job=self.job,
            message_id=self.message_id,
            ordering_key=self.ordering_key,
            since=_unix(self.since),
            past_dead_letter=self.on_dead_letter == "wait",
        )

    def _fail(self, message: str) -> NoReturn:
        if self.soft_fail or self.never_fail:
            raise AirflowSkipException(message)
        raise AirflowFailException(message)


def _unix(moment: datetime | str | None) -> float:
    """Return Unix seconds.

    :raises ValueError: no moment, or one without an offset
    """
    if moment is None:
        return 0.0
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment.replace("Z", "+00:00"))
    if moment.tzinfo is None:
        raise ValueError("DeliveredSensor: since needs an offset, such as 2024-09-02T10:00:00+00:00")
    return moment.timestamp()
