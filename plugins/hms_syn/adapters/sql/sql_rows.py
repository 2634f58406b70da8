"""A message as one row of a table: put in, read back, and recognised again by its key."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, insert, select

from hms_syn import errors
from hms_syn.adapters import mapping
from hms_syn.adapters.sql import sql_catalog, sql_values
from hms_syn.domain.ack import Ack

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Column, Connection, Insert, Select, Table

    from hms_syn.domain.job_spec import Push

REQUEST = "push.request"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The table that a job's messages go into, as the catalog has it; ``unique`` is what it promises of the key."""

    table: Table
    key: Column[Any]
    unique: bool
    dialect: str
    push: Push

    def columns(self, fields: Mapping[str, Any]) -> dict[str, Column[Any]]:
        """Return the column of each field.

        :raises errors.ContractMismatch: the mapping names what is no column, or the key's · :raises
            errors.UnmappablePayload: a payload that is sent as it is has a field like that
        """
        found: dict[str, Column[Any]] = {}
        for field in fields:
            column = sql_catalog.find_column(self.table, field)
            if column is None:
                raise self._misfit(sql_catalog.no_column(self.table, field))
            if column is self.key:
                raise self._misfit(f"column {sql_values.shown(column.name)} is the one for the idempotency key.")
            if any(column is other for other in found.values()):
                raise self._misfit(f"column {sql_values.shown(column.name)} is named twice.")
            found[field] = column
        return found

    def values(self, fields: Mapping[str, Any], *, key: str) -> dict[str, Any]:
        """Return what goes into each column, the key included, by the column's own name.

        :raises errors.UnmappablePayload: naming the column that a value does not fit
        """
        values = {
            column.name: sql_values.to_column(fields[field], column, dialect=self.dialect)
            for field, column in self.columns(fields).items()
        }
        return {**values, self.key.name: sql_values.to_column(key, self.key, dialect=self.dialect)}

    def insertion(self, values: Mapping[str, Any]) -> Insert:
        """Return the statement that puts the row in; every value is bound to its column."""
        return insert(self.table).values(dict(values)).inline()

    def question(self) -> Select[Any]:
        """Return the statement that reads the row with our ``idempotency_key`` back."""
        return (
            select(*sql_catalog.readable(self.table))
            .where(self.key == bindparam("idempotency_key", type_=self.key.type))
            .limit(2)
        )

    def row(self, connection: Connection, key: str) -> Mapping[str, Any] | None:
        """Return the row with our key, its values as the driver gives them, or None.

        :raises errors.OutcomeUnknown: there are several (``find_ambiguous``)
        """
        bound = sql_values.to_column(key, self.key, dialect=self.dialect)
        rows = connection.execute(self.question(), {"idempotency_key": bound}).mappings().all()
        if len(rows) > 1:
            raise errors.OutcomeUnknown(
                "The table has several rows with this message's key; make its column unique.", code="find_ambiguous"
            )
        return dict(rows[0]) if rows else None

    def accepted(self, row: Mapping[str, Any] | None) -> Ack:
        """Return the receipt in a row that was just put in and is not committed yet.

        :raises errors.VendorRefused: the row says no · :raises errors.ContractMismatch: it says neither yes nor no
        """
        if row is None:
            raise errors.ContractMismatch(
                "The row cannot be read back with the key it was put in with; nothing was kept. Give the user the "
                "right to select, and look for a trigger or a view that hides the row.",
                code="row_hidden",
            )
        return proof(sql_values.record(row, whole=False), self.push, self.reference())

    def repeated(self, row: Mapping[str, Any], values: Mapping[str, Any], *, status: str) -> Ack:
        """Return the receipt in a row that was there already.

        :raises errors.OutcomeUnknown: the row has our key and other values (``row_differs``)
        """
        columns = self.table.columns
        different = [
            name
            for name, sent in values.items()
            if name in row and not sql_values.is_same(sent, row[name], columns[name], dialect=self.dialect)
        ]
        if different:
            raise errors.OutcomeUnknown(
                f"The table has a row with this message's key that differs in {', '.join(sorted(different))}.",
                code="row_differs",
            )
        receipt = mapping.prove(sql_values.record(row, whole=False), {}, {"reference": self.reference()})
        return Ack(reference=receipt.reference, status=status)

    def reference(self) -> str:
        """Return the JMESPath of the receipt: the job's own, else the primary key.

        :raises errors.ContractMismatch: the job names none and the table has no primary key
        """
        if "reference" in self.push.ack:
            return self.push.ack["reference"]
        names = [json.dumps(column.name) for column in self.table.primary_key.columns]
        if not names:
            raise errors.ContractMismatch(
                f"Table {sql_values.shown(self.table.name)} has no primary key to be the receipt; add 'push.ack."
                "reference'."
            )
        return names[0] if len(names) == 1 else f"join('/', [{', '.join(f'to_string({name})' for name in names)}])"

    def _misfit(self, text: str) -> errors.SynError:
        if self.push.mapping is not None:
            return errors.ContractMismatch(f"'push.mapping': {text}")
        return errors.UnmappablePayload(f"The payload goes as it is, but {text} Declare 'push.mapping'.")


def target(connection: Connection, push: Push) -> Target:
    """Return the table that ``push.request`` names.

    :raises errors.ContractMismatch: the catalog has no such table or column
    """
    table = sql_catalog.find_table(connection, str(push.request.get("table") or ""), key=f"{REQUEST}.table")
    key = sql_catalog.named_column(table, str(push.request.get("key") or ""), key=f"{REQUEST}.key")
    return Target(
        table=table,
        key=key,
        unique=sql_catalog.is_unique(connection, table, key),
        dialect=connection.dialect.name,
        push=push,
    )


def proof(answer: Mapping[str, Any], push: Push, reference: str) -> Ack:
    """Return the receipt in an answer that can still be rolled back, so that a missing proof leaves nothing behind.

    :raises errors.VendorRefused: the answer says no · :raises errors.ContractMismatch: what should prove it is missing
    """
    try:
        return mapping.prove(answer, push.success, {**push.ack, "reference": reference})
    except errors.OutcomeUnknown as error:
        raise errors.ContractMismatch(
            f"{error} It was rolled back and nothing was kept; correct 'push.success' or 'push.ack'.", code=error.code
        ) from None
