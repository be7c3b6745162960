"""The official Python SDK, 2.x line; the mode is "legacy", "auto" or a revision. See servers.rs."""

import asyncio
import json
import os
import sys

from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client


async def main(_folder: str, mode: str, command: str, *args: str) -> None:
    server = StdioServerParameters(command=command, args=list(args), env=dict(os.environ))
    async with Client(stdio_client(server), mode=mode) as client:
        print(json.dumps({"ok": mode}), flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            request = json.loads(line)
            try:
                if request["op"] == "list":
                    result = await client.list_tools()
                else:
                    result = await client.call_tool(**request["params"])
                said = {"ok": result.model_dump(mode="json", by_alias=True, exclude_none=True)}
            except Exception as error:
                said = {"error": str(error)}
            print(json.dumps(said), flush=True)


asyncio.run(main(*sys.argv[1:]))
