// Type tests of the client: checked by tsc, never run.

import {
  type AdminUser,
  ApiError,
  type ConfirmedTotp,
  type Credential,
  type Factor,
  type FieldErrors,
  type FieldName,
  joinCode,
  Latchkey,
  LatchkeyAdmin,
  type Mail,
  PasskeyError,
  readSecret,
  type Scope,
  type SecondStep,
  type Session,
  type SessionChange,
  type User,
  type UserOrStep,
  webStorage,
} from "latchkey-client";

export async function program(latchkey: Latchkey): Promise<User> {
  await latchkey.register({ username: "jake", email: "jake@example.com", password: "correct horse" });
  await latchkey.update({ bio: null, image: "https://example.com/jake.png" });
  await latchkey.update({ current_password: "correct horse", password: "battery staple" });
  const scopes: Scope[] = ["local", "others", "all"];
  await latchkey.logout(scopes[0], { signal: AbortSignal.timeout(1_000) });

  // @ts-expect-error: a user needs a password
  await latchkey.register({ username: "jake", email: "jake@example.com" });
  // @ts-expect-error: the API converts numbers to strings; typed programs don't need that
  await latchkey.update({ username: 5 });
  // @ts-expect-error: no name is no name
  await latchkey.update({ username: null });
  // @ts-expect-error: there is no such scope
  await latchkey.logout("everywhere");
  return latchkey.me();
}

export async function staff(latchkey: Latchkey): Promise<string[]> {
  const admin = new LatchkeyAdmin(latchkey);
  const { users, next }: { users: AdminUser[]; next: string | null } = await admin.users({ state: "staff", limit: 10 });
  for await (const { actor } of admin.eachEvent({ type: "user.renamed" }, { signal: AbortSignal.timeout(1_000) })) {
    const of: number | "operator" | null = actor;
    void of;
  }
  await admin.change(7, { active: false, superuser: true });

  // @ts-expect-error: there is no such state
  await admin.users({ state: "other" });
  // @ts-expect-error: nobody sets the password of another
  await admin.change(7, { password: "correct horse" });
  // @ts-expect-error: who is invited chooses it
  await admin.invite({ username: "anna", email: "anna@example.com", password: "correct horse" });
  // @ts-expect-error: staff learn no secret
  void (await admin.requestPasswordReset(7)).id;
  return [...users.map(({ email }) => email), next ?? ""];
}

export async function mails(latchkey: Latchkey, fragment: string): Promise<User | null> {
  const user = await latchkey.register({ username: "jake", email: "jake@example.com", password: "correct horse" });
  const asked: (Mail | undefined)[] = [user.mail, (await latchkey.update({ email: "new@example.com" })).mail];
  asked.push(await latchkey.requestEmailVerification(), await latchkey.requestSignIn(user.email));
  const { id, expires } = await latchkey.requestPasswordReset(user.email, { signal: AbortSignal.timeout(1_000) });
  await latchkey.resetPassword({ secret: joinCode(id, "4071 8236"), password: `until ${expires}` });
  const { reset, sign_in }: { reset: boolean; sign_in: boolean } = await latchkey.methods();
  const { email, proof } = await latchkey.credentials();
  // @ts-expect-error: a mail may not have been sent
  void user.mail.id;
  // @ts-expect-error: a password alone resets none
  await latchkey.resetPassword({ password: "correct horse" });
  // @ts-expect-error: no address may wait
  const pending: string = email.pending;

  const found = readSecret(fragment);
  switch (found?.purpose) {
    case "reset":
      await latchkey.resetPassword({ secret: found.secret, password: pending });
      return null;
    case "verification":
      return latchkey.verifyEmail(found.secret);
    case "sign_in":
      return reset && sign_in && proof
        ? finish(latchkey, await latchkey.reauthenticate({ secret: found.secret }))
        : finish(latchkey, await latchkey.login({ secret: found.secret }));
    case "invitation":
    case undefined:
      return null;
    // @ts-expect-error: there is no such purpose
    case "other":
      return null;
  }
}

async function finish(latchkey: Latchkey, result: UserOrStep): Promise<User> {
  if (!result.factor) {
    return result;
  }
  const { types, expires }: Factor = result.factor;
  const step: SecondStep = JSON.parse(JSON.stringify(result)); // as a page may keep it
  // @ts-expect-error: no user is there yet
  const user: User = step;
  return types.includes("passkey")
    ? latchkey.takeSecondStep(step, { passkey: true })
    : latchkey.takeSecondStep(step, { code: `${expires} ${user.username}` });
}

export async function logIns(latchkey: Latchkey): Promise<User[]> {
  const credentials = { email: "jake@example.com", password: "correct horse" };
  const { signal } = new AbortController();
  const results: UserOrStep[] = [
    await latchkey.login(credentials),
    await latchkey.loginWithPasskey(),
    await latchkey.loginWithPasskey({ autofill: true, signal }),
    await latchkey.reauthenticate({ passkey: true }, { signal }),
  ];
  // As programs have it that know no second step: they find no user where one is needed.
  const name: string | undefined = (await latchkey.login(credentials)).username;
  // @ts-expect-error: a user with a second factor is not there yet
  const user: User = await latchkey.login(credentials);
  // @ts-expect-error: a step takes a code or a passkey
  await latchkey.takeSecondStep({ factor: user, of: name }, {});
  return Promise.all(results.map((result) => finish(latchkey, result)));
}

export async function credentials(latchkey: Latchkey): Promise<string[]> {
  const { credentials } = await latchkey.credentials();
  const { id, uri, secret } = await latchkey.addTotp();
  const { credential, recovery }: ConfirmedTotp = await latchkey.confirmTotp(id, `${uri} ${secret}`);
  const passkey: Credential = await latchkey.addPasskey("Phone");
  const named: Credential = await latchkey.renameCredential(passkey.id, "Old phone");
  const isRemoved: boolean = await latchkey.removeCredential(named.id);
  // @ts-expect-error: an app has no name
  const name: string = credential.name;
  // @ts-expect-error: a passkey has a name
  await latchkey.addPasskey();
  return isRemoved
    ? [...(await latchkey.recoveryCodes()), ...credentials.map(({ type }) => type)]
    : [name, ...recovery];
}

export function reasons(error: unknown): PasskeyError["reason"] | undefined {
  // @ts-expect-error: there is no such reason
  void (error instanceof PasskeyError && error.reason === "timeout");
  return error instanceof PasskeyError ? error.reason : undefined;
}

export async function endOthers(latchkey: Latchkey): Promise<string[]> {
  const { sessions, more } = await latchkey.sessions({ signal: AbortSignal.timeout(1_000) });
  const others: Session[] = sessions.filter(({ current }) => !current);
  const ended: boolean[] = await Promise.all(others.map(({ id }) => latchkey.endSession(id)));
  // @ts-expect-error: an unknown place is null
  const places: string[] = others.map(({ place }) => place);
  // @ts-expect-error: a session is ended by its id
  await latchkey.endSession(others[0]);
  return more || ended.includes(false) ? [] : places;
}

export function messages(error: unknown): string[] {
  const fields: FieldErrors = error instanceof ApiError ? error.fields : {};
  const names: FieldName[] = ["email", "username", "password", "bio", "image", "scope", "current_password"];
  // @ts-expect-error: there is no such field
  void fields.nickname;
  return names.flatMap((name) => fields[name] ?? []);
}

interface AsyncStorage {
  getItem(key: string): Promise<string | null>;
  setItem(key: string, value: string): Promise<void>;
  removeItem(key: string): Promise<void>;
}

export function listen(storages: (Storage | AsyncStorage)[]): (() => void)[] {
  const clients = storages.map((storage) => new Latchkey("", { storage: webStorage(storage) }));
  const heard: SessionChange[] = [];
  // @ts-expect-error: there is no such change
  heard.push("expired");
  return clients.map((client) => client.onSessionChange((change) => heard.push(change)));
}
