/** Requests to other servers. */

/** Response to one. */
interface Received {
  status: number;
  /** Body, if it was to be read. */
  text: string;
  /** Time after which to try again, in seconds from now. */
  retryAfter: number | undefined;
}

/** A request that is under way. */
export class Outgoing {
  readonly #abort = new AbortController();
  readonly #url: string;
  readonly #response: Promise<Response>;

  constructor(url: string, init: { method: string; headers: Headers; body: string | null }) {
    this.#url = url;
    this.#response = send(url, { ...init, redirect: "manual", signal: this.#abort.signal });
    this.#response.catch(() => {}); // who receives it gets the error
  }

  /**
   * Receives the response, and of its body at most so many bytes; if 0, none of it. The time counts from here: wasm that
   * computed meanwhile has held up everything, the response too.
   */
  async receive(timeout: number, maxBytes: number): Promise<Received> {
    try {
      return await this.#read(timeout, maxBytes);
    } catch (error) {
      throw new Error(withoutAddress(String(error), this.#url));
    }
  }

  async #read(timeout: number, maxBytes: number): Promise<Received> {
    const stop = (reason: string) => this.#abort.abort(new Error(reason));
    const timer = setTimeout(stop, timeout, `no response within ${timeout} ms`);
    try {
      const { status, headers, body } = await this.#response;
      let size = 0;
      let text = "";
      const decoder = new TextDecoder();
      for await (const chunk of (maxBytes > 0 && body) || []) {
        size += chunk.byteLength;
        if (size > maxBytes) {
          throw new Error(`a response of more than ${maxBytes} bytes`);
        }
        text += decoder.decode(chunk, { stream: true });
      }
      return { status, text: text + decoder.decode(), retryAfter: secondsOf(headers.get("retry-after")) };
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

/** Text for the log: without an address, as it was given and as the runtime writes it. Parts of it may be secret. */
function withoutAddress(text: string, url: string): string {
  const written = URL.canParse(url) ? new URL(url).href : url;
  return text.replaceAll(url, "…").replaceAll(written, "…");
}

/** Time of a `Retry-After` (RFC 9110 §10.2.3), which is a number of seconds or a date. */
function secondsOf(value: string | null): number | undefined {
  if (value === null) {
    return undefined;
  }
  const seconds = /^\d+$/.test(value) ? Number(value) : (Date.parse(value) - Date.now()) / 1_000;
  return seconds >= 0 ? Math.min(Math.ceil(seconds), 0xffff_ffff) : undefined;
}
