// The official TypeScript SDK, 1.x line. See servers.rs.
import { createInterface } from "node:readline";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [folder, mode, command, ...args] = process.argv.slice(2);
const require = createRequire(pathToFileURL(`${folder}/package.json`));
const load = (name) => import(pathToFileURL(require.resolve(name)));
const { Client } = await load("@modelcontextprotocol/sdk/client/index.js");
const { StdioClientTransport } = await load("@modelcontextprotocol/sdk/client/stdio.js");

const client = new Client({ name: "test", version: "1" });
await client.connect(new StdioClientTransport({ command, args, env: process.env }));
console.log(JSON.stringify({ ok: mode }));
for await (const line of createInterface({ input: process.stdin })) {
  const { op, params } = JSON.parse(line);
  try {
    console.log(JSON.stringify({ ok: op === "list" ? await client.listTools() : await client.callTool(params) }));
  } catch (error) {
    console.log(JSON.stringify({ error: String(error) }));
  }
}
await client.close();
