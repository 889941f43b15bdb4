"""An unmodified pycrdt document over a plain WebSocket, driven by lines on standard input.

Usage: python pycrdt_client.py ws://host:port/sync/room
"""

import asyncio
import sys

import pycrdt
import websockets


async def main(url: str) -> None:
    doc = pycrdt.Doc()
    root = doc.get("root", type=pycrdt.Map)
    changed = asyncio.Event()
    outgoing: asyncio.Queue[bytes] = asyncio.Queue()
    from_server = False

    def observe(event: pycrdt.TransactionEvent) -> None:
        changed.set()
        if not from_server:
            outgoing.put_nowait(pycrdt.create_update_message(event.update))

    doc.observe(observe)
    synced = asyncio.Event()

    async with websockets.connect(url, max_size=None) as socket:
        await socket.send(pycrdt.create_sync_message(doc))

        async def read() -> None:
            nonlocal from_server
            async for message in socket:
                if message[0] != pycrdt.YMessageType.SYNC:
                    continue
                from_server = True
                reply = pycrdt.handle_sync_message(message[1:], doc)
                from_server = False
                if reply is not None:
                    await socket.send(reply)
                if message[1] == pycrdt.YSyncMessageType.SYNC_STEP2:
                    synced.set()

        async def write() -> None:
            while True:
                await socket.send(await outgoing.get())

        async def until(holds) -> str:
            while not holds():
                changed.clear()
                await changed.wait()
            return "ok"

        tasks = [asyncio.create_task(read()), asyncio.create_task(write())]
        loop = asyncio.get_running_loop()
        while True:
            line = (await loop.run_in_executor(None, sys.stdin.readline)).strip()
            match line.split(" "):
                case ["synced"]:
                    await synced.wait()
                    answer = "ok"
                case ["set", key, value]:
                    root[key] = value
                    answer = "ok"
                case ["delete", key]:
                    del root[key]
                    answer = "ok"
                case ["wait", key, value]:
                    answer = await until(lambda: key in root and root[key] == value)
                case _:
                    break
            print(answer, flush=True)
        for task in tasks:
            task.cancel()


asyncio.run(main(sys.argv[1]))
