/** Reading of request bodies, in bounded time and memory. */

import { NoBody } from "../../build/latchkey.js";

/** Time that a body may take to arrive, in milliseconds. */
const DEADLINE = 10_000;

/** Most bytes that bodies hold together while they are read. */
const MAX_HELD = 32 << 20;

/** Bodies that are being read, oldest first, and the bytes that they hold together. */
const reading = new Set<Reading>();
let held = 0;

/** A body that is being read. Chunks are copied: one of a byte may keep a buffer of 4 KiB. */
class Reading {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #bytes = new Uint8Array();
  #size = 0;
  isStopped = false;

  constructor(reader: ReadableStreamDefaultReader<Uint8Array>) {
    this.#reader = reader;
    reading.add(this);
  }

  add(chunk: Uint8Array): void {
    const size = this.#size + chunk.byteLength;
    if (size > this.#bytes.byteLength) {
      const larger = new Uint8Array(Math.max(size, 2 * this.#bytes.byteLength));
      held += larger.byteLength - this.#bytes.byteLength;
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes.set(chunk, this.#size);
    this.#size = size;
    for (const oldest of reading) {
      if (held <= MAX_HELD) {
        break;
      }
      oldest.stop();
    }
  }

  /** Reads no more. The stream may have broken off by then. */
  stop(): void {
    this.isStopped = true;
    this.end();
    this.#reader.cancel().catch(() => {});
  }

  /** Gives the bytes, which are held no more. */
  end(): Uint8Array {
    const bytes = this.#bytes.subarray(0, this.#size);
    held -= this.#bytes.byteLength;
    this.#bytes = new Uint8Array();
    this.#size = 0;
    reading.delete(this);
    return bytes;
  }
}

/** Reads the body of a request, empty if there is none. */
export async function readBody(request: Request, limit: number): Promise<Uint8Array | NoBody> {
  if (Number(request.headers.get("content-length")) > limit) {
    return NoBody.TooLarge;
  }
  const reader = request.body?.getReader();
  if (!reader) {
    return new Uint8Array();
  }
  const whole = new Reading(reader);
  const timer = setTimeout(() => whole.stop(), DEADLINE);
  let size = 0;
  try {
    for (let read = await reader.read(); !read.done && !whole.isStopped; read = await reader.read()) {
      size += read.value.byteLength;
      if (size > limit) {
        whole.stop();
        return NoBody.TooLarge;
      }
      whole.add(read.value);
    }
    return whole.isStopped ? NoBody.TimedOut : whole.end();
  } catch {
    return whole.isStopped ? NoBody.TimedOut : NoBody.BrokenOff;
  } finally {
    clearTimeout(timer);
    whole.end();
  }
}
