"""A small shim for OTE-Stack for Node in another language: docs/shim-protocol.md, put to work.

    python3 shim.py --listen 127.0.0.1:8262
    python3 shim.py --listen 127.0.0.1:8262 --api http://127.0.0.1:8001

Destination "echo" answers with the task's body, after ?delay=MILLISECONDS of its url. Destination "api",
with --api, makes one HTTP request to that url, such as one where `kubectl proxy` listens.
"""

import argparse
import asyncio
import concurrent.futures
import http.client
import json
import signal
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

import protocol
from websocket import Closed, WebSocket, reason

HEARTBEAT_MS = 3000
HELLO_LIMIT = 5
KEPT_RESULTS = 1000
MAX_BODY = 128 * 1024
LONGEST_WAIT = 7 * 86400


class Shim:
    """Executes each task once, however often it is sent, and serves the controller that came last."""

    def __init__(self, destinations):
        self.destinations = destinations
        self.work = {}  # task id -> asyncio.Task of its outcome, in order of arrival
        self.link = None
        self.answers = set()

    async def serve(self, reader, writer):
        socket = None
        try:
            async with asyncio.timeout(HELLO_LIMIT):
                socket = await WebSocket.accept(reader, writer)
                messages = protocol.read_frame(await socket.receive())
                if not messages or messages[0][0] != protocol.HELLO:
                    raise protocol.ProtocolError("the first message must be hello", "HELLO_EXPECTED")
                hello = protocol.read_hello(messages[0][1])
            await self.converse(socket, hello, messages[1:])
        except protocol.ProtocolError as error:
            await socket.close(reason(error.code, str(error)))
        except TimeoutError:
            if socket is not None:
                await socket.close(reason("HELLO_TIMEOUT", "no hello within 5 seconds"))
        except Closed:
            pass
        finally:
            writer.close()

    async def converse(self, socket, hello, early):
        older, self.link = self.link, (socket, hello["name"])
        if older is not None:
            self.background(older[0].close(reason("REPLACED", "a newer connection took over")))
        heartbeat = max(HEARTBEAT_MS, hello["heartbeat_ms"])
        socket.send(protocol.welcome(hello["name"], self.destinations, HEARTBEAT_MS))
        log("cluster controller connected", cluster=hello["name"])
        watch = asyncio.create_task(self.watch(socket, heartbeat / 1000))
        try:
            messages = early
            while True:
                for kind, fields in messages:
                    if kind == protocol.TASK:
                        self.background(self.answer(protocol.read_task(fields)))
                messages = protocol.read_frame(await socket.receive())
        finally:
            watch.cancel()
            if self.link is not None and self.link[0] is socket:
                self.link = None

    async def watch(self, socket, interval):
        """Asks for a sign of life when there was none for a while, and cuts off who gives none."""
        while True:
            await asyncio.sleep(interval / 2)
            silent = time.monotonic() - socket.heard
            if silent > 3 * interval:
                log("peer silent")
                socket.abort()
            elif silent > interval:
                socket.ping()

    async def answer(self, task):
        known = self.work.get(task["id"])
        if known is None:
            known = self.work[task["id"]] = asyncio.create_task(self.execute(task))
        outcome = await asyncio.shield(known)
        self.shed()
        # To whoever is there now: the controller may have come back on another connection.
        if self.link is not None:
            socket, name = self.link
            socket.send(protocol.result(task, name, outcome))

    async def execute(self, task):
        try:
            body = protocol.read_task_body(task["inside"])
            handler = self.destinations.get(body["destination"])
            if handler is None:
                outcome = refused("UnknownDestination", f"This shim has {', '.join(self.destinations)}")
            else:
                async with asyncio.timeout(min(task["ttl"], LONGEST_WAIT)):
                    outcome = await handler(body, task)
        except TimeoutError:
            outcome = failed(504, "DeadlineExceeded", "The deadline passed before there was an answer")
        except Exception as error:  # a task that breaks its shim must still end in a verdict
            outcome = failed(500, "ShimFailed", str(error))
        log("task finished", task=task["id"], verdict=outcome["verdict"])
        return {**cut(outcome), "timestamp": float(int(time.time() * 1000))}

    def shed(self):
        for task_id in list(self.work):
            if len(self.work) <= KEPT_RESULTS:
                return
            if self.work[task_id].done():
                del self.work[task_id]

    def background(self, work):
        task = asyncio.create_task(work)
        self.answers.add(task)
        task.add_done_callback(self.answers.discard)


async def echo(body, _task):
    """Changes nothing, so that it may be done again whatever became of it before."""
    query = urllib.parse.parse_qs(urllib.parse.urlsplit(body["url"]).query)
    await asyncio.sleep(int(query.get("delay", ["0"])[0]) / 1000)
    return done(200, body["body"])


class Api:
    """One HTTP request for each task."""

    def __init__(self, url):
        self.url = url.rstrip("/")
        self.threads = concurrent.futures.ThreadPoolExecutor(max_workers=64)

    async def __call__(self, body, task):
        method, path = body["method"].upper() or "GET", body["url"]
        if not path.startswith("/") or any(ord(letter) <= 32 for letter in path):
            return refused("BadUrl", "The url must be an absolute path")
        if task["started_at"] > 0 and method not in ("GET", "HEAD"):
            text = "It was sent before, and this shim cannot look up what became of it"
            return failed(500, "OutcomeUnknown", text)
        request = urllib.request.Request(self.url + path, method=method)
        if body["body"] and method not in ("GET", "HEAD"):
            request.data = body["body"].encode()
            request.add_header("content-type", body["content_type"] or "application/json")
        limit = max(0.001, min(task["ttl"], LONGEST_WAIT))
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.threads, self.ask, request, limit)

    def ask(self, request, limit):
        try:
            with urllib.request.urlopen(request, timeout=limit) as response:
                return done(response.status, read(response))
        except urllib.error.HTTPError as error:
            return failed(error.code, "UnexpectedAnswer", read(error))
        except TimeoutError:
            raise
        except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
            if isinstance(getattr(error, "reason", None), TimeoutError):
                raise TimeoutError from error
            return failed(503, "ApiUnreachable", str(error))


def read(response):
    return response.read(4 * MAX_BODY + 1).decode(errors="replace")


def done(code, body):
    return {"verdict": "done", "code": code, "body": body}


def failed(code, word, body):
    return {"verdict": "failed", "code": code, "reason": word, "body": body}


def refused(word, body):
    return {"verdict": "refused", "reason": word, "body": body}


def cut(outcome):
    """Counts as the protocol does, in UTF-16 units, of which characters beyond 16 bits have two."""
    raw = outcome["body"].encode("utf-16-le")
    if len(raw) <= 2 * MAX_BODY:
        return outcome
    body = raw[: 2 * MAX_BODY].decode("utf-16-le", errors="ignore")
    return {**outcome, "body": body, "truncated": True}


def log(message, **fields):
    print(json.dumps({"time": int(time.time() * 1000), "msg": message, **fields}), flush=True)


async def main():
    parser = argparse.ArgumentParser(description="A small shim for OTE-Stack for Node.")
    parser.add_argument("--listen", default="127.0.0.1:8262", help="host:port; port 0 takes a free one")
    parser.add_argument("--api", help="url of an HTTP API to which tasks for destination api go")
    options = parser.parse_args()
    host, _, port = options.listen.rpartition(":")
    destinations = {"echo": echo}
    if options.api:
        destinations["api"] = Api(options.api)
    shim = Shim(destinations)
    server = await asyncio.start_server(shim.serve, host or None, int(port), backlog=64)
    log("ready", port=server.sockets[0].getsockname()[1])
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    await stop.wait()


if sys.version_info < (3, 11):
    sys.exit("shim.py needs Python 3.11 or newer")
asyncio.run(main())
