// A front end's server: an origin other than the API's, with a page that loads the client.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";

const PAGE = `<!doctype html>
<html lang="en">
<title>A front end</title>
<link rel="icon" href="data:,">
<script type="module">globalThis.latchkey = await import("/latchkey-client/index.js");</script>
`;
const CLIENT = /^\/latchkey-client\/(\w+\.js)$/;

/** Returns the origin, and a function that closes the server. */
export async function startOrigin() {
  const server = createServer(async (request, response) => {
    const [, file] = CLIENT.exec(request.url) ?? [];
    const [type, body] = file
      ? ["text/javascript", await readFile(`client/dist/${file}`)]
      : ["text/html; charset=utf-8", PAGE];
    response.writeHead(200, { "Content-Type": type }).end(body);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { origin: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}
