"""`kspec schema`: the JSON Schemas of what `--format json` prints."""

from __future__ import annotations

import click

from kspec.cli import exits
from kspec.cli.command import command
from kspec.cli.session import Session

EPILOG = """\
Every JSON document names its schema in its first field: {"schema": "kspec/plan/1", ...}.
The number grows only when a reader of the old form would misread the new one; fields may be
added without that.
"""


@command("schema", epilog=EPILOG, formats=("text",))
@click.argument("name", required=False)
def run(session: Session, name: str | None) -> int:
    """Print the JSON Schema of the output called NAME; without NAME, list them all."""
    import json

    from kspec.report.document import VERSIONS, json_schema, schema_id

    if name is None:
        width = max(len(n) for n in VERSIONS)
        for known in VERSIONS:
            session.result(f"{known:{width}}  {schema_id(known)}  {json_schema(known)['title']}")
        return exits.OK
    if name not in VERSIONS:
        raise click.UsageError(f"No output is called {name!r}; there are {', '.join(VERSIONS)}.")
    session.result(json.dumps(json_schema(name), indent=2, ensure_ascii=False))
    return exits.OK
