"""A vendor of the sandbox, in this process: opened again at the same port whenever somebody is to be there."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, ClassVar

from hms_syn.conformance import Manner, PretendVendor, read_job

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

    from hms_syn.domain.job_spec import JobSpec


class Reopened(PretendVendor):
    """``file`` is the job, with a hole for the origin; ``modes`` is how the sandbox calls each manner."""

    file: ClassVar[str]
    modes: ClassVar[Mapping[Manner, str]]

    def __init__(self, manners: Any) -> None:
        self._manners = manners
        self._port = 0
        self._origin = ""
        self._open = contextlib.ExitStack()

    def job(self) -> JobSpec:
        return read_job(self.file.format(origin=self._origin))

    def behave(self, manner: Manner) -> None:
        self._open.close()
        if manner is Manner.DOWN:
            return
        self._manners.choose(self.modes[manner])
        self._origin = self._open.enter_context(self._served(manner))
        self._port = int(self._origin.rpartition(":")[2])

    def _served(self, manner: Manner) -> AbstractContextManager[str]:
        """Open the vendor at ``self._port``, with its own login unless the manner is another."""
        raise NotImplementedError
