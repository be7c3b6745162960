// The official TypeScript SDK, 2.x line; the mode is "legacy", "auto" or a revision. See servers.rs.
import { createInterface } from "node:readline";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [folder, mode, command, ...args] = process.argv.slice(2);
const require = createRequire(pathToFileURL(`${folder}/package.json`));
const load = (name) => import(pathToFileURL(require.resolve(name)));
const { Client } = await load("@modelcontextprotocol/client");
const { StdioClientTransport } = await load("@modelcontextprotocol/client/stdio");

const negotiation = { mode: mode === "legacy" || mode === "auto" ? mode : { pin: mode } };
const client = new Client({ name: "test", version: "1" }, { versionNegotiation: negotiation });
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
