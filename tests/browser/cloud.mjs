// The stand-ins of examples/local-cloud, and what heddle and the client have to know of them.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { randomBytes } from "node:crypto";
import { startProcess } from "./world.mjs";

const program = fileURLToPath(new URL("../../examples/local-cloud/main.mjs", import.meta.url));
const exampleConfig = new URL("../../examples/langgraph.json", import.meta.url);

export class Cloud {
  static async start() {
    const cloud = new Cloud();
    cloud.folder = await mkdtemp(join(tmpdir(), "heddle-cloud-"));
    const args = [program, "--state", cloud.folder];
    cloud.process = await startProcess("cloud", process.execPath, args, { ready: /^\{"auth0"/ });
    cloud.ready = JSON.parse(cloud.process.line);
    /** Found nowhere else, so that a leak of it is seen. */
    cloud.modelKey = `sk-local-${randomBytes(24).toString("hex")}`;
    return cloud;
  }

  async stop() {
    await this.process.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Asks the control port; without a body with GET. */
  async control(path, body) {
    const options = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
    const answer = await fetch(this.ready.control + path, options);
    if (!answer.ok) throw new Error(`control ${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }

  /** The requests of one service, oldest first. */
  requests(service, after = 0) {
    return this.control(`/requests?service=${service}&after=${after}`);
  }

  #tenant(generation) {
    const { auth0Domain, clients, audience } = this.ready;
    const shared = {
      AUTH0_DOMAIN: auth0Domain,
      AUTH0_CLIENT_ID: clients.web.id,
      AUTH0_CLIENT_SECRET: clients.web.secret,
      AUTH0_TOKEN_VAULT_GENERATION: generation,
    };
    if (generation === "federated") return shared;
    return {
      ...shared,
      AUTH0_AUDIENCE: audience,
      AUTH0_CUSTOM_API_CLIENT_ID: clients.custom_api.id,
      AUTH0_CUSTOM_API_CLIENT_SECRET: clients.custom_api.secret,
    };
  }

  /** The variables of heddle. */
  heddle(generation) {
    return {
      ...this.#tenant(generation),
      OPENAI_API_KEY: this.modelKey,
      OPENAI_BASE_URL: this.ready.openai,
      GMAIL_BASE_URL: this.ready.gmail,
      GOOGLE_CALENDAR_BASE_URL: this.ready.calendar,
      SSL_CERT_FILE: this.ready.ca,
      NO_PROXY: "localhost,127.0.0.1",
      no_proxy: "localhost,127.0.0.1",
      HEDDLE_LOG_LEVEL: "debug", // whatever it can say, it says, and it is searched for secrets
    };
  }

  /** The variables of the client. */
  client(generation) {
    return {
      ...this.#tenant(generation),
      AUTH0_SECRET: randomBytes(32).toString("hex"),
      NODE_EXTRA_CA_CERTS: this.ready.ca,
    };
  }

  /** Chromium's flags. */
  browser() {
    return [`--ignore-certificate-errors-spki-list=${this.ready.spkiHash}`];
  }
}

/** The example's langgraph.json; with tokens heddle itself checks who calls. */
export async function exampleOf(generation) {
  const example = JSON.parse(await readFile(exampleConfig, "utf8"));
  return generation === "federated" ? example : { ...example, auth: { path: "builtin:auth0" } };
}
