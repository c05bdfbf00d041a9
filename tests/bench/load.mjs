// Sends requests over connections that stay open, each as soon as the answer before it is there.

import { connect } from "node:net";

/** A request as text; the body, if there is one, is sent as JSON; further headers are lines. */
export function request(method, path, { token, body, headers: more = [] } = {}) {
  const json = body === undefined ? "" : JSON.stringify(body);
  const headers = [
    ...more,
    "Host: localhost",
    ...(token ? [`Authorization: Token ${token}`] : []),
    ...(json ? ["Content-Type: application/json", `Content-Length: ${Buffer.byteLength(json)}`] : []),
  ];
  return `${method} ${path} HTTP/1.1\r\n${headers.join("\r\n")}\r\n\r\n${json}`;
}

/**
 * Sends `count` requests, the one of each number from `make`, over `connections`, and gives the last answer's
 * body, and how long it took and each request waited, in milliseconds. An answer whose status does not begin with
 * `status` ends it.
 */
export function send(port, make, count, connections, status = 2) {
  return new Promise((resolve, reject) => {
    const waits = [];
    let sent = 0;
    const start = performance.now();
    for (let connection = 0; connection < Math.min(connections, count); connection++) {
      const socket = connect(port, "127.0.0.1").setNoDelay(true).on("error", reject);
      let received = "";
      let since;
      const next = () => {
        if (sent === count) {
          socket.end();
          return;
        }
        since = performance.now();
        socket.write(make(sent++));
      };
      socket.on("connect", next).on("data", (data) => {
        received += data.toString("latin1");
        const end = received.indexOf("\r\n\r\n") + 4;
        const length = Number(/content-length: (\d+)/i.exec(received)?.[1] ?? 0);
        if (end < 4 || received.length < end + length) {
          return;
        }
        if (!received.startsWith(`HTTP/1.1 ${status}`)) {
          reject(new Error(received));
          return;
        }
        waits.push(performance.now() - since);
        if (waits.length === count) {
          resolve({ body: received.slice(end), took: performance.now() - start, waits });
        }
        received = "";
        next();
      });
    }
  });
}
