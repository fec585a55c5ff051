"""The listening side of RFC 6455, as far as the shim protocol needs it; the standard library only."""

import asyncio
import base64
import hashlib
import struct
import time

PATH = "/ote/v1/shim"
SUBPROTOCOL = "ote.v1"
MAX_MESSAGE = 4 * 1024 * 1024
MAX_UNSENT = 32 * 1024 * 1024
MAX_HEAD = 16 * 1024
GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


class Closed(Exception):
    """The connection is over; nothing more can be read."""


class WebSocket:
    """One open websocket: `receive` messages until Closed, `send` them, `close` it with a reason."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer
        self.heard = time.monotonic()
        self.closing = False
        writer.transport.set_write_buffer_limits(high=1024 * 1024)

    @classmethod
    async def accept(cls, reader, writer):
        """Answers the upgrade; Closed if it was refused."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError) as error:
            raise Closed from error
        request, *lines = head.split("\r\n")
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines)
        }
        key = headers.get("sec-websocket-key", "")
        status = cls.refusal(request.split(" "), headers, key)
        if status is not None:
            writer.write(f"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".encode())
            raise Closed
        accept = base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()
        writer.write(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Protocol: {SUBPROTOCOL}\r\n\r\n".encode()
        )
        return cls(reader, writer)

    @staticmethod
    def refusal(request, headers, key):
        if len(request) < 2 or request[1] != PATH:
            return "404 Not Found"
        if "origin" in headers:
            return "403 Forbidden"
        offered = [word.strip() for word in headers.get("sec-websocket-protocol", "").split(",")]
        if not key or headers.get("upgrade", "").lower() != "websocket" or SUBPROTOCOL not in offered:
            return "426 Upgrade Required"
        return None

    async def receive(self):
        """The next binary message, put together from its fragments; pings are answered meanwhile."""
        message, open_message = bytearray(), False
        while True:
            fin, opcode, payload = await self.read_part(MAX_MESSAGE - len(message))
            if opcode == PING:
                self.write(PONG, payload)
            elif opcode == CLOSE:
                await self.close(payload[:2] or struct.pack("!H", 1000))
                raise Closed
            elif opcode == TEXT:
                await self.close(reason("TEXT_FRAME", "only binary messages are allowed"))
                raise Closed
            elif opcode in (BINARY, CONTINUATION):
                if open_message != (opcode == CONTINUATION):
                    await self.close(struct.pack("!H", 1002))
                    raise Closed
                message += payload
                open_message = True
                if fin:
                    return bytes(message)

    async def read_part(self, room):
        try:
            first, second = await self.reader.readexactly(2)
            size = second & 0x7F
            if size == 126:
                (size,) = struct.unpack("!H", await self.reader.readexactly(2))
            elif size == 127:
                (size,) = struct.unpack("!Q", await self.reader.readexactly(8))
            control = first & 8
            if not second & 0x80 or first & 0x70 or (control and (size > 125 or not first & 0x80)):
                await self.close(struct.pack("!H", 1002))
                raise Closed
            if not control and size > room:
                await self.close(struct.pack("!H", 1009))
                raise Closed
            mask = await self.reader.readexactly(4)
            payload = await self.reader.readexactly(size)
        except (asyncio.IncompleteReadError, OSError) as error:
            raise Closed from error
        self.heard = time.monotonic()
        return bool(first & 0x80), first & 0x0F, unmask(payload, mask)

    def send(self, payload):
        self.write(BINARY, payload)

    def ping(self):
        self.write(PING, b"")

    def write(self, opcode, payload):
        if self.closing:
            return
        size = len(payload)
        if size < 126:
            head = struct.pack("!BB", 0x80 | opcode, size)
        elif size < 65536:
            head = struct.pack("!BBH", 0x80 | opcode, 126, size)
        else:
            head = struct.pack("!BBQ", 0x80 | opcode, 127, size)
        self.writer.write(head + payload)
        if self.writer.transport.get_write_buffer_size() > MAX_UNSENT:
            self.abort()

    async def close(self, payload):
        """Says why, and gives the peer two seconds to go."""
        if self.closing:
            return
        self.write(CLOSE, payload)
        self.closing = True
        try:
            self.writer.write_eof()
            async with asyncio.timeout(2):
                while await self.reader.read(65536):
                    pass
        except (OSError, TimeoutError, RuntimeError):
            pass
        self.abort()

    def abort(self):
        self.closing = True
        self.writer.transport.abort()


def reason(code, text):
    """The payload of a goodbye in the words of the protocol: close code 4000 and CODE: sentence."""
    return struct.pack("!H", 4000) + f"{code}: {text}".encode()[:120]


def unmask(payload, mask):
    size = len(payload)
    repeated = (mask * (size // 4 + 1))[:size]
    mixed = int.from_bytes(payload, "little") ^ int.from_bytes(repeated, "little")
    return mixed.to_bytes(size, "little")
