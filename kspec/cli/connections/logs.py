"""Knows the files in which connections are recorded: Hubble's and Calico's flow logs, CSV, YAML, lines."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kspec.cli.connections.lines import PORT_MAX, PROTOCOLS, Port, Stated, end_of, parse_line, parse_lines
from kspec.source import Diagnostic, DiagnosticError, SourceFile, Span

NO_LOG = "KS3202"
NO_PORT = "neither TCP, UDP nor SCTP"
LET_THROUGH = ("FORWARDED", "REDIRECTED", "AUDIT", "TRACED", "TRANSLATED")
Record = Mapping[str, Any]
HELP = (
    "known are `hubble observe -o jsonpb`, Calico's flow logs, CSV with the columns src,dst,port,protocol, "
    "YAML lists of {from, to, port, protocol}, and lines `shop/web -> shop/db:5432`"
)


@dataclass(slots=True)
class Recorded:
    """The connections of a file, each once, and how many records were passed over, by reason."""

    stated: dict[tuple[str, str, tuple[Port, ...]], Stated] = field(default_factory=dict)
    passed: dict[str, int] = field(default_factory=dict)

    def add(self, each: Stated) -> None:
        self.stated.setdefault((each.origin, each.destination, each.ports), each)

    def passing(self, reason: str) -> None:
        self.passed[reason] = self.passed.get(reason, 0) + 1


def read_flows(path: str) -> Recorded:
    """The connections that a file shows; its format is told by its content."""
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise DiagnosticError([Diagnostic(NO_LOG, f"`{path}` cannot be read: {reason}")]) from None
    file, recorded = SourceFile(path, text), Recorded()
    begin = text.lstrip()[:1]
    if begin in ("{", "["):
        for span, record in _json_records(file):
            _add_json(recorded, span, record)
    elif _is_csv(text):
        for span, record in _csv_records(file):
            recorded.add(_plain(span, record, "src", "dst"))
    elif begin == "-" and "->" not in text.split("\n")[0]:
        for record in _yaml_records(file):
            recorded.add(_plain(Span(file, 0, 0), record, "from", "to"))
    else:
        for stated in parse_lines(file):
            recorded.add(stated)
    return recorded


def _json_records(file: SourceFile) -> Iterator[tuple[Span, Record]]:
    """The objects of a JSON array or of JSON lines."""
    at = 0
    whole = file.text.lstrip().startswith("[")
    for line in [file.text] if whole else file.text.splitlines(keepends=True):
        span = Span(file, at, at + len(line.rstrip()))
        at += len(line)
        if not line.strip():
            continue
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            raise _unknown(span, "this is no JSON") from None
        for record in found if isinstance(found, list) else [found]:
            if not isinstance(record, dict):
                raise _unknown(span, "a record of a flow log is an object")
            yield span, record


def _add_json(recorded: Recorded, span: Span, record: Record) -> None:
    flow = record.get("flow", record)
    if (isinstance(flow, dict) and "traffic_direction" in flow) or "l4" in flow:
        _add_hubble(recorded, span, flow)
    elif "source_name_aggr" in record or "dest_name_aggr" in record:
        _add_calico(recorded, span, record)
    elif "from" in record and "to" in record:
        recorded.add(_plain(span, record, "from", "to"))
    elif "lost_events" in record or "node_status" in record or "agent_event" in record:
        recorded.passing("no flow")
    else:
        raise _unknown(span, "this record is of no flow log that is known")


# ---------------------------------------------------------------- Hubble


def _add_hubble(recorded: Recorded, span: Span, flow: Record) -> None:
    """A flow of Cilium's Hubble. Replies say nothing new; what was dropped was not let through."""
    l4 = flow.get("l4") or {}
    protocol = next((p for p in PROTOCOLS if (l4.get(p) or {}).get("destination_port")), "")
    if flow.get("is_reply") or flow.get("reply"):
        recorded.passing("reply")
    elif flow.get("verdict") not in LET_THROUGH:
        recorded.passing("not let through")
    elif not protocol:
        recorded.passing(NO_PORT)
    else:
        ip = flow.get("IP") or {}
        origin = _hubble_end(flow.get("source") or {}, str(ip.get("source", "")), span)
        destination = _hubble_end(flow.get("destination") or {}, str(ip.get("destination", "")), span)
        _add(recorded, span, origin, destination, protocol, l4[protocol]["destination_port"])


def _add(recorded: Recorded, span: Span, origin: str, destination: str, protocol: str, port: object) -> None:
    number = int(str(port)) if str(port).isdecimal() else 0
    if not 1 <= number <= PORT_MAX:
        raise _unknown(span, f"`{port}` is no port")
    if not origin or not destination:
        recorded.passing("with an end that is no pod and no address outside")
    else:
        recorded.add(Stated(origin, destination, (Port(protocol, number, number),), span))


def _hubble_end(end: Record, address: str, span: Span) -> str:
    """A pod by its workload if that is told, else by its name; an address outside; "" for anything else."""
    namespace = end.get("namespace")
    if namespace:
        workloads = end.get("workloads") or ()
        name = workloads[0].get("name") if workloads else end.get("pod_name")
        return f"{namespace}/{name}" if name else ""
    if "reserved:world" in (end.get("labels") or ()) or not end.get("labels"):
        return end_of(address, span) if address else ""
    return ""


# ---------------------------------------------------------------- Calico


def _add_calico(recorded: Recorded, span: Span, flow: Record) -> None:
    """A record of Calico's flow logs. Both ends may report one flow; that is one connection."""
    protocol = str(flow.get("proto", "")).upper()
    if flow.get("action") != "allow":
        recorded.passing("not let through")
    elif protocol not in PROTOCOLS or not flow.get("dest_port"):
        recorded.passing(NO_PORT)
    else:
        origin, destination = (_calico_end(flow, side, span) for side in ("source", "dest"))
        _add(recorded, span, origin, destination, protocol, flow["dest_port"])


def _calico_end(flow: Record, side: str, span: Span) -> str:
    """A pod by its name without the part that differs between replicas; an address of a network."""
    kind = flow.get(f"{side}_type")
    if kind == "wep":
        name = str(flow.get(f"{side}_name_aggr") or flow.get(f"{side}_name") or "").rstrip("*").rstrip("-")
        return f"{flow.get(f'{side}_namespace')}/{name}" if name else ""
    address = flow.get(f"{side}_ip")
    return end_of(str(address), span) if kind == "net" and address not in (None, "", "-") else ""


# ---------------------------------------------------------------- plain tables


def _is_csv(text: str) -> bool:
    columns = [c.strip().lower() for c in text.split("\n", 1)[0].split(",")]
    return "src" in columns and "dst" in columns


def _csv_records(file: SourceFile) -> Iterator[tuple[Span, Record]]:
    reader = csv.DictReader(file.text.splitlines())
    for record in reader:
        start = file.line_starts[min(reader.line_num, len(file.line_starts)) - 1]
        yield Span(file, start, start), {(k or "").strip().lower(): v or "" for k, v in record.items()}


def _yaml_records(file: SourceFile) -> Sequence[Record]:
    import yaml

    try:
        found = yaml.load(file.text, yaml.BaseLoader)
    except yaml.YAMLError:
        raise _unknown(Span(file, 0, 0), "this is no YAML") from None
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise _unknown(Span(file, 0, 0), "connections in YAML are a list of {from, to, port, protocol}")
    return found


def _plain(span: Span, record: Record, origin: str, destination: str) -> Stated:
    """A record with two ends, `port` or `ports`, and `protocol`."""
    if not record.get(origin) or not record.get(destination):
        raise _unknown(span, f"a connection wants `{origin}` and `{destination}`")
    ports = record.get("port") or record.get("ports") or ""
    text = ",".join(map(str, ports)) if isinstance(ports, list) else str(ports).replace(" ", "")
    end = str(record[destination]).strip()
    if text:
        end = f"[{end}]" if ":" in end and not end.startswith("[") else end
        end += f":{text}/{str(record.get('protocol') or 'TCP').strip()}"
    line = SourceFile(span.file.path, f"{str(record[origin]).strip()} -> {end}")
    try:
        stated = parse_line(Span(line, 0, len(line.text)))
    except DiagnosticError as error:
        moved = [Diagnostic(d.code, d.message, span, d.severity, d.help) for d in error.diagnostics]
        raise DiagnosticError(moved) from None
    return Stated(stated.origin, stated.destination, stated.ports, span)


def _unknown(span: Span, message: str) -> DiagnosticError:
    return DiagnosticError([Diagnostic(NO_LOG, message, span, help=HELP)])
