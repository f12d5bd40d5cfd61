// A recorder between a client and heddle: whatever heddle answers to anybody passes through it and is kept, byte by byte.
import { createServer, request as send } from "node:http";

export class Wire {
  #server;
  /** {method, path, headers, body, status, reply: Buffer}: the request as it was sent, the head and body of the answer. */
  exchanges = [];

  /** `target`: heddle's url. */
  static async start(target) {
    const wire = new Wire();
    wire.#server = createServer((request, response) => wire.#pass(new URL(target), request, response));
    await new Promise((done) => wire.#server.listen(0, "127.0.0.1", done));
    wire.url = `http://127.0.0.1:${wire.#server.address().port}`;
    return wire;
  }

  async stop() {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }

  #pass({ hostname, port }, request, response) {
    const { method, url: path, headers } = request;
    const exchange = { method, path, headers, body: "", status: 0, reply: Buffer.alloc(0) };
    this.exchanges.push(exchange);
    const keep = (part) => (exchange.reply = Buffer.concat([exchange.reply, part]));
    const onward = send({ hostname, port, method, path, headers }, (answer) => {
      exchange.status = answer.statusCode;
      keep(Buffer.from(answer.rawHeaders.join("\n") + "\n\n"));
      response.writeHead(answer.statusCode, answer.headers);
      response.flushHeaders();
      answer.on("data", (part) => {
        keep(part);
        response.write(part);
      });
      answer.on("end", () => response.end());
      answer.on("error", () => response.destroy()); // heddle has gone
    });
    onward.on("error", () => response.destroy());
    response.on("close", () => onward.destroy());
    request.on("data", (part) => {
      exchange.body += part;
      onward.write(part);
    });
    request.on("end", () => onward.end());
  }
}
