"""The few messages of docs/protocol.proto that a shim needs, as protobuf (proto3) bytes."""

import struct

VERSION = 1
HELLO, WELCOME, TASK, RESULT = 1, 2, 8, 9


class ProtocolError(Exception):
    """What a peer sent is no frame of the protocol; the code is told when the connection ends."""

    def __init__(self, text, code="PROTOCOL_ERROR"):
        super().__init__(text)
        self.code = code


def varint(value):
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def number(field, value):
    return varint(field << 3) + varint(int(value)) if value else b""


def double(field, value):
    return varint(field << 3 | 1) + struct.pack("<d", value) if value else b""


def data(field, value):
    raw = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | 2) + varint(len(raw)) + raw if raw else b""


def read_fields(raw):
    """All fields of a message: number -> values in order. Fields nobody knows are simply not looked at."""
    fields, at = {}, 0
    while at < len(raw):
        key, at = read_varint(raw, at)
        field, wire = key >> 3, key & 7
        if field == 0:
            raise ProtocolError("a field has the number 0")
        if wire == 0:
            value, at = read_varint(raw, at)
        elif wire in (1, 5):
            size = 8 if wire == 1 else 4
            value, at = take(raw, at, size), at + size
        elif wire == 2:
            size, at = read_varint(raw, at)
            value, at = take(raw, at, size), at + size
        else:
            raise ProtocolError(f"wire type {wire} is unknown")
        fields.setdefault(field, []).append(value)
    return fields


def read_varint(raw, at):
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(raw):
            raise ProtocolError("a number breaks off")
        byte = raw[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ProtocolError("a number is too long")


def take(raw, at, size):
    if at + size > len(raw):
        raise ProtocolError("a field breaks off")
    return bytes(raw[at : at + size])


def last(fields, field, default):
    values = fields.get(field)
    value = values[-1] if values else default
    if not isinstance(value, type(default)):
        raise ProtocolError(f"field {field} has the wrong type")
    return value


def text(fields, field):
    try:
        return last(fields, field, b"").decode()
    except UnicodeDecodeError as error:
        raise ProtocolError(f"field {field} is no UTF-8") from error


def real(fields, field):
    return struct.unpack("<d", last(fields, field, bytes(8)))[0]


def read_frame(raw):
    """The messages of a frame as (kind, fields); kinds nobody knows are among them."""
    frame = read_fields(raw)
    if last(frame, 1, 0) != VERSION:
        raise ProtocolError(f"frame version {last(frame, 1, 0)} is not {VERSION}", "PROTOCOL_VERSION")
    messages = []
    for envelope in frame.get(2, []):
        if not isinstance(envelope, bytes):
            raise ProtocolError("an envelope has the wrong type")
        for kind, values in read_fields(envelope).items():
            if isinstance(values[-1], bytes):
                messages.append((kind, read_fields(values[-1]) if kind in (HELLO, TASK) else {}))
    return messages


def frame(kind, message):
    return number(1, VERSION) + data(2, varint(kind << 3 | 2) + varint(len(message)) + message)


def welcome(name, destinations, heartbeat_ms):
    named = b"".join(data(3, f"destination:{destination}") for destination in destinations)
    return frame(WELCOME, data(1, name) + data(2, "example") + named + number(4, heartbeat_ms))


def result(task, cluster, outcome):
    return frame(
        RESULT,
        data(1, task["id"]) + data(2, task["origin"]) + data(3, cluster)
        + data(4, outcome["verdict"]) + number(5, outcome.get("code", 0))
        + data(6, outcome.get("reason", "")) + number(7, outcome.get("truncated", False))
        + double(8, outcome["timestamp"]) + data(9, outcome["body"].encode()),
    )


def read_hello(fields):
    return {"name": text(fields, 1), "heartbeat_ms": last(fields, 8, 0)}


def read_task(fields):
    return {
        "id": text(fields, 1),
        "origin": text(fields, 2),
        "ttl": last(fields, 4, 0) / 1000,
        "inside": last(fields, 5, b""),
        "started_at": real(fields, 6),
    }


def read_task_body(raw):
    fields = read_fields(raw)
    names = ("destination", "method", "url", "body", "content_type")
    return {name: text(fields, field) for field, name in enumerate(names, 1)}
