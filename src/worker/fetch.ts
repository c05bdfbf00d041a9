/** Requests to other servers. */

/** A request that is under way. */
export class Outgoing {
  readonly #abort = new AbortController();
  readonly #url: string;
  readonly #response: Promise<Response>;

  constructor(method: string, url: string, headers: Headers) {
    this.#url = url;
    this.#response = send(url, { method, headers, redirect: "manual", signal: this.#abort.signal });
    this.#response.catch(() => {}); // who receives it gets the error
  }

  /**
   * Receives status and text of the response. The time counts from here: wasm that computed meanwhile has held up
   * everything, the response too.
   */
  async receive(timeout: number, maxBytes: number): Promise<[status: number, text: string]> {
    try {
      return await this.#read(timeout, maxBytes);
    } catch (error) {
      throw new Error(String(error).replaceAll(this.#url, "…")); // for the log
    }
  }

  async #read(timeout: number, maxBytes: number): Promise<[status: number, text: string]> {
    const stop = (reason: string) => this.#abort.abort(new Error(reason));
    const timer = setTimeout(stop, timeout, `no response within ${timeout} ms`);
    try {
      const { status, body } = await this.#response;
      let size = 0;
      let text = "";
      const decoder = new TextDecoder();
      for await (const chunk of body ?? []) {
        size += chunk.byteLength;
        if (size > maxBytes) {
          throw new Error(`a response of more than ${maxBytes} bytes`);
        }
        text += decoder.decode(chunk, { stream: true });
      }
      return [status, text + decoder.decode()];
    } finally {
      clearTimeout(timer);
      stop("received");
    }
  }
}

/** Like `fetch`, but each failure is a rejection: thrown into wasm, it would poison that. */
async function send(url: string, init: RequestInit): Promise<Response> {
  return fetch(url, init);
}
