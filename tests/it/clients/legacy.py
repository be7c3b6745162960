"""The official Python SDK, 1.x line. See servers.rs."""

import asyncio
import json
import os
import sys

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client


async def main(_folder: str, mode: str, command: str, *args: str) -> None:
    server = StdioServerParameters(command=command, args=list(args), env=dict(os.environ))
    async with stdio_client(server) as (read, write), ClientSession(read, write) as session:
        await session.initialize()
        print(json.dumps({"ok": mode}), flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            request = json.loads(line)
            try:
                if request["op"] == "list":
                    result = await session.list_tools()
                else:
                    result = await session.call_tool(**request["params"])
                said = {"ok": result.model_dump(mode="json", by_alias=True, exclude_none=True)}
            except Exception as error:
                said = {"error": str(error)}
            print(json.dumps(said), flush=True)


asyncio.run(main(*sys.argv[1:]))
