"""The commands of the audit trail, as rows of the table of commands."""

from __future__ import annotations

from hms_syn.cli.command import JSON, Command, argument

_VERIFIER = argument(
    "--verifier", metavar="KEY", help="the key that must have signed it, as 'audit key' prints it, or a file with it"
)
AUDIT = (
    Command(
        name="audit export",
        help="print the audit trail as it was hashed, one JSON object a line, oldest first",
        module="audit_export",
        arguments=(
            argument("--after", type=int, default=0, metavar="SEQ", help="only rows after this seq (default: all)"),
        ),
    ),
    Command(
        name="audit verify",
        help="prove that nobody changed the audit trail; names the first bad row",
        module="audit_verify",
        arguments=(
            argument(
                "--checkpoint",
                action="append",
                default=[],
                metavar="FILE",
                help="compare with this one too, kept elsewhere; may be given again",
            ),
            _VERIFIER,
            argument("--export", metavar="FILE", help="look at what 'audit export' printed, without any database"),
            JSON,
        ),
    ),
    Command(
        name="audit checkpoint",
        help="seal what is new in the audit trail, and print the signed tree head, to be kept elsewhere",
        module="audit_checkpoint",
        arguments=(argument("--out", metavar="FILE", help="write it there instead; a larger tree is never replaced"),),
    ),
    Command(
        name="audit prove",
        help="print, as JSON, the proof that the rows of a message are in the sealed audit trail",
        module="audit_prove",
        arguments=(
            argument("id", nargs="?", metavar="ID", help="the message's id, as in 'hms-syn trace'"),
            argument("--since", metavar="FILE", help="prove instead that the trail only grew since this checkpoint"),
        ),
    ),
    Command(
        name="audit check",
        help="check a proof of 'audit prove', without any database",
        module="audit_check",
        arguments=(
            argument("proof", metavar="FILE", help="the proof"),
            argument("--checkpoint", metavar="FILE", help="the checkpoint it must lead to, kept elsewhere"),
            _VERIFIER,
            JSON,
        ),
    ),
    Command(
        name="audit key",
        help="make the key that signs tree heads, and print what others verify them with",
        module="audit_key",
        arguments=(
            argument("file", metavar="FILE", help="where the private key is written; nothing is overwritten"),
            argument("--name", metavar="NAME", help="the trail's name (default: the setting audit_origin)"),
        ),
    ),
)
