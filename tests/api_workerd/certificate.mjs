// Certificates for `localhost`, made for each process. The first import of wrangler has its workerd trust those that
// NODE_EXTRA_CA_CERTS names, so this comes before it.

import { generateKeyPairSync, sign } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Value in DER (X.690) of a tag and its parts. */
function der(tag, ...parts) {
  const body = Buffer.concat(parts);
  const { length } = body;
  const long = length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...(length < 128 ? [length] : long)]), body]);
}

const [INTEGER, BITS, OCTETS, OID, UTF8, TIME, SEQUENCE, SET] = [2, 3, 4, 6, 12, 23, 48, 49];
const oid = (...bytes) => der(OID, Buffer.from(bytes));
const time = (days) => {
  const date = new Date(Date.now() + days * 86_400_000);
  return der(TIME, Buffer.from(`${date.toISOString().replace(/\D/g, "").slice(2, 14)}Z`));
};

/** Key and certificate (RFC 5280), signed by itself. */
function certify() {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const algorithm = der(SEQUENCE, oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2)); // ecdsa-with-SHA256
  const name = der(SEQUENCE, der(SET, der(SEQUENCE, oid(0x55, 4, 3), der(UTF8, Buffer.from("localhost")))));
  const names = der(SEQUENCE, der(0x82, Buffer.from("localhost")));
  const signed = der(
    SEQUENCE,
    der(0xa0, der(INTEGER, Buffer.from([2]))), // version 3
    der(INTEGER, Buffer.from([1])),
    algorithm,
    name,
    der(SEQUENCE, time(-1), time(1)),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, der(SEQUENCE, der(SEQUENCE, oid(0x55, 0x1d, 0x11), der(OCTETS, names)))), // subjectAltName
  );
  const signature = der(BITS, Buffer.from([0]), sign("sha256", signed, privateKey));
  const base64 = der(SEQUENCE, signed, algorithm, signature).toString("base64");
  const cert = `-----BEGIN CERTIFICATE-----\n${base64.replace(/.{64}/g, "$&\n")}\n-----END CERTIFICATE-----\n`;
  return { key: privateKey.export({ type: "pkcs8", format: "pem" }), cert };
}

export const trusted = certify();
export const untrusted = certify();

const directory = mkdtempSync(join(tmpdir(), "latchkey-"));
const file = join(directory, "trusted.pem");
writeFileSync(file, trusted.cert);
process.env.NODE_EXTRA_CA_CERTS = file;
process.on("exit", () => rmSync(directory, { recursive: true }));
