// node main.mjs --state DIR: starts all stand-ins, prints one line of JSON when they are ready, runs until Ctrl-C.
import { parseArgs } from "node:util";
import { startCloud } from "./cloud.mjs";

const USAGE = `usage: node main.mjs --state DIR [--auth0-port N] [--google-port N] [--openai-port N] [--fga-port N] [--control-port N]

  --state DIR   keeps the certificate authority and the keys between starts; made if it is not there
  --*-port N    a fixed port; without it a free one

When all are ready, one line of JSON on standard output says where they are.`;

const NAMES = ["auth0", "google", "openai", "fga", "control"];

const options = () => {
  const known = {
    state: { type: "string" },
    help: { type: "boolean" },
    ...Object.fromEntries(NAMES.map((name) => [`${name}-port`, { type: "string" }])),
  };
  const { values } = parseArgs({ options: known });
  if (values.help) return undefined;
  if (!values.state) throw new Error("--state DIR is missing");
  const ports = {};
  for (const name of NAMES) {
    const text = values[`${name}-port`];
    if (text === undefined) continue;
    if (!/^\d+$/.test(text) || Number(text) > 65535)
      throw new Error(`--${name}-port must be a number from 0 to 65535, not "${text}"`);
    ports[name] = Number(text);
  }
  return { stateFolder: values.state, ports };
};

try {
  const wanted = options();
  if (!wanted) {
    console.log(USAGE);
    process.exit(0);
  }
  let cloud;
  const stop = async () => {
    await cloud?.close();
    process.exit(0);
  };
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  cloud = await startCloud(wanted);
  console.log(JSON.stringify(cloud.ready));
} catch (error) {
  const hint = error.code === "EADDRINUSE" ? "; choose another port, or 0 for a free one" : "";
  console.error(`local-cloud: ${error.message}${hint}`);
  if (!error.code || error.code.startsWith("ERR_PARSE_ARGS")) console.error(`\n${USAGE}`);
  process.exit(1);
}
