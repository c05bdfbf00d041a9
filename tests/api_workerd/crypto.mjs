// A Worker that calls functions of the shipped cryptography, and answers with what each gives. Bytes are in base64url, as
// `{"bytes"}`.

import { decrypt, encrypt, verifySignature } from "../../src/worker/crypto.ts";

const functions = { decrypt, encrypt, verifySignature };

const base64url = { alphabet: "base64url", omitPadding: true };

const toBytes = (value) => (value.bytes === undefined ? value : Uint8Array.fromBase64(value.bytes, base64url));
const fromBytes = (value) => (value instanceof Uint8Array ? { bytes: value.toBase64(base64url) } : (value ?? null));

export default {
  async fetch(request) {
    const calls = await request.json();
    const results = calls.map(([name, ...values]) => functions[name](...values.map(toBytes)));
    return Response.json((await Promise.all(results)).map(fromBytes));
  },
};
