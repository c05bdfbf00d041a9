/** Cryptography of the platform (WebCrypto). */

/** Algorithms of signatures, by their numbers in COSE. */
const ALGORITHMS = {
  [-7]: { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
  [-8]: { name: "Ed25519" },
  [-257]: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
};

export type AlgorithmNumber = keyof typeof ALGORITHMS;

/** Encrypts by AES-256-GCM: the ciphertext and the tag. */
export async function encrypt(key: Uint8Array, nonce: Uint8Array, text: Uint8Array, context: string) {
  const algorithm = aesGcm(nonce, context);
  return new Uint8Array(await crypto.subtle.encrypt(algorithm, await aesKey(key, "encrypt"), text));
}

/** Decrypts by AES-256-GCM; `undefined` if the tag is that of something else. */
export async function decrypt(key: Uint8Array, nonce: Uint8Array, encrypted: Uint8Array, context: string) {
  const algorithm = aesGcm(nonce, context);
  const aes = await aesKey(key, "decrypt");
  try {
    return new Uint8Array(await crypto.subtle.decrypt(algorithm, aes, encrypted));
  } catch {
    return undefined; // nothing else can fail
  }
}

function aesGcm(iv: Uint8Array, context: string) {
  return { name: "AES-GCM", iv, additionalData: new TextEncoder().encode(context) };
}

function aesKey(key: Uint8Array, usage: "encrypt" | "decrypt"): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", key, "AES-GCM", false, [usage]);
}

/** Tells whether a signature is good. A key that is none of the algorithm's has signed nothing. */
export async function verifySignature(
  number: AlgorithmNumber,
  publicKey: Uint8Array,
  signature: Uint8Array,
  message: Uint8Array,
): Promise<boolean> {
  const algorithm = ALGORITHMS[number];
  try {
    const key = await crypto.subtle.importKey("spki", publicKey, algorithm, false, ["verify"]);
    return await crypto.subtle.verify(algorithm, key, signature, message);
  } catch {
    return false; // the key, which a client chose, is the only thing that can be wrong
  }
}
