/** Passkeys of the browser: WebAuthn, with options and responses in the API's JSON. */

import { PasskeyError } from "./errors.js";
import type { CreationOptions, RequestOptions } from "./types.js";

/** Has the browser make a passkey. Gives a `RegistrationResponseJSON`. */
export async function createPasskey(options: CreationOptions, signal?: AbortSignal): Promise<object> {
  const publicKey = api().parseCreationOptionsFromJSON?.(options) ?? {
    ...options,
    challenge: decode(options.challenge),
    user: { ...options.user, id: decode(options.user.id) },
    excludeCredentials: options.excludeCredentials.map(({ id, type, transports }) => ({
      id: decode(id),
      type,
      transports: transports as AuthenticatorTransport[],
    })),
  };
  return ask(() => navigator.credentials.create({ publicKey, ...given(signal) }), signal);
}

/** Has the browser use a passkey. Gives an `AuthenticationResponseJSON`. */
export async function usePasskey(options: RequestOptions, isAutofill: boolean, signal?: AbortSignal): Promise<object> {
  if (isAutofill && !(await api().isConditionalMediationAvailable?.())) {
    throw new PasskeyError("unavailable");
  }
  const publicKey = api().parseRequestOptionsFromJSON?.(options) ?? {
    ...options,
    challenge: decode(options.challenge),
  };
  const mediation = isAutofill ? ({ mediation: "conditional" } as const) : {};
  return ask(() => navigator.credentials.get({ publicKey, ...mediation, ...given(signal) }), signal);
}

/** Has the browser, where it can, forget a passkey that the API does not know. */
export async function forgetPasskey(rpId: string, response: object): Promise<void> {
  const { id: credentialId } = response as { id: string };
  try {
    await (api() as Partial<Signals>).signalUnknownCredential?.({ rpId, credentialId });
  } catch {
    // It is a hint, and changes nothing here.
  }
}

/** Methods that are newer than the types of the browser. */
interface Signals {
  signalUnknownCredential(options: { rpId: string; credentialId: string }): Promise<void>;
}

/** The browser's interface, whose newer parts not every browser has. */
function api(): Partial<typeof PublicKeyCredential> {
  if (globalThis.PublicKeyCredential === undefined) {
    throw new PasskeyError("unavailable");
  }
  return PublicKeyCredential;
}

const given = (signal: AbortSignal | undefined) => (signal === undefined ? {} : { signal });

const REASONS: Record<string, PasskeyError["reason"]> = { NotAllowedError: "cancelled", InvalidStateError: "known" };

async function ask(use: () => Promise<Credential | null>, signal: AbortSignal | undefined): Promise<object> {
  try {
    return toJson((await use()) as PublicKeyCredential);
  } catch (error) {
    if (signal?.aborted) {
      throw signal.reason ?? error;
    }
    throw new PasskeyError(REASONS[Object(error).name] ?? "unavailable", error);
  }
}

/** Converts a response as its `toJSON` does, which not every browser has, and some password managers break. */
function toJson(credential: PublicKeyCredential): object {
  try {
    return credential.toJSON();
  } catch {
    return {
      id: credential.id,
      rawId: encode(credential.rawId),
      type: credential.type,
      authenticatorAttachment: credential.authenticatorAttachment ?? undefined,
      clientExtensionResults: credential.getClientExtensionResults(),
      response: members(credential.response),
    };
  }
}

function members(response: AuthenticatorResponse): Record<string, unknown> {
  const clientDataJSON = encode(response.clientDataJSON);
  if (response instanceof AuthenticatorAttestationResponse) {
    const publicKey = response.getPublicKey();
    return {
      clientDataJSON,
      attestationObject: encode(response.attestationObject),
      authenticatorData: encode(response.getAuthenticatorData()),
      publicKey: publicKey === null ? undefined : encode(publicKey),
      publicKeyAlgorithm: response.getPublicKeyAlgorithm(),
      transports: response.getTransports(),
    };
  }
  const { authenticatorData, signature, userHandle } = response as AuthenticatorAssertionResponse;
  return {
    clientDataJSON,
    authenticatorData: encode(authenticatorData),
    signature: encode(signature),
    userHandle: userHandle === null ? undefined : encode(userHandle),
  };
}

/** Decodes Base64 for URLs. */
function decode(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

function encode(bytes: ArrayBuffer): string {
  const binary = Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join("");
  return btoa(binary).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
}
