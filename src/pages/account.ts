/** The account page: its views and the transitions between them. */

import {
  ApiError,
  type Credentials,
  Latchkey,
  memoryStorage,
  type NewUser,
  type Scope,
  type TokenStorage,
  type User,
  type UserPatch,
  webStorage,
} from "latchkey-client";
import { fieldsOf, onSubmit, valuesOf } from "./account/form.js";
import { showToken } from "./account/token.js";
import { find, show } from "./account/view.js";

const client = new Latchkey("", { storage: tokenStorage() });

const LOGGED_OUT = {
  local: "You are logged out.",
  others: "Your other devices are logged out.",
  all: "You are logged out everywhere.",
};

/** A reload keeps the login, unless the browser denies the page storage. */
function tokenStorage(): TokenStorage {
  try {
    sessionStorage.setItem("latchkey.probe", "");
    sessionStorage.removeItem("latchkey.probe");
    return webStorage(sessionStorage);
  } catch {
    return memoryStorage();
  }
}

/** Restores the session of a page that was loaded with a token. */
function resume(): void {
  show("resume");
  const button = document.querySelector<HTMLButtonElement>("#view button")!;
  const form = button.form!;
  onSubmitOfUser(form, async () => {
    try {
      await openAccount(await client.me());
    } catch (error) {
      button.hidden = false;
      throw error;
    }
  });
  form.requestSubmit(button);
}

function openLogIn({ notice = "", email = "" } = {}): void {
  show("log-in", notice);
  find<HTMLInputElement>("log-in-email").value = email;
  const form = find<HTMLInputElement>("log-in-email").form!;
  onSubmit(form, async () => openAccount(await client.login(valuesOf<Credentials>(form))));
  find("to-sign-up").addEventListener("click", () => openSignUp(valuesOf<Credentials>(form)));
}

function openSignUp({ email }: { email: string }): void {
  show("sign-up");
  find<HTMLInputElement>("sign-up-email").value = email;
  const form = find<HTMLInputElement>("sign-up-email").form!;
  onSubmit(form, async () => openAccount(await client.register(valuesOf<NewUser>(form))));
  find("to-log-in").addEventListener("click", () => openLogIn({ email: valuesOf<NewUser>(form).email }));
}

async function openAccount(user: User): Promise<void> {
  show("account");

  const profile = find<HTMLFormElement>("profile");
  const email = find<HTMLInputElement>("profile-email");
  const proof = find<HTMLInputElement>("profile-password");
  email.addEventListener("input", showProof);
  onSubmitOfUser(profile, async () => {
    const changed = fieldsOf(profile).filter((field) => hasChanged(field === proof ? email : field));
    if (changed.length === 0) {
      return "Nothing has changed.";
    }
    const user = await client.update(Object.fromEntries(changed.map((field) => [field.name, field.value])));
    if (profile.isConnected) {
      await showUser(user);
    }
    return "Profile saved.";
  });

  const password = find<HTMLFormElement>("password");
  onSubmitOfUser(password, async () => {
    await client.update(valuesOf<UserPatch>(password));
    await showStoredToken();
    password.reset();
    return "Password changed. Your other devices are logged out.";
  });

  onSubmitOfUser(find<HTMLFormElement>("sessions"), async (button) => {
    const scope = button.value as Scope;
    await client.logout(scope);
    if (scope === "others") {
      await showStoredToken();
      return LOGGED_OUT.others;
    }
    openLogIn({ notice: LOGGED_OUT[scope] });
  });

  const confirm = find<HTMLDialogElement>("confirm");
  find("ask-to-deactivate").addEventListener("click", () => confirm.showModal());
  find("keep").addEventListener("click", () => confirm.close());
  onSubmitOfUser(find<HTMLFormElement>("deactivate"), async () => {
    await client.deactivate();
    openLogIn({ notice: "Your account is deactivated." });
  });

  await showUser(user);
}

async function showUser(user: User): Promise<void> {
  find("initial").textContent = [...user.username][0]!;
  find("who").textContent = user.username;
  find("address").textContent = user.email;
  find<HTMLInputElement>("password-owner").value = user.email;
  for (const field of fieldsOf(find<HTMLFormElement>("profile"))) {
    field.value = user[field.name as keyof User] ?? "";
    field.defaultValue = field.value; // which the browser may have brought into its own form, with other line ends
  }
  showProof();
  await showStoredToken();
}

/** A new email needs the password: the field for it is shown once the email has changed, and only then sent. */
function showProof(): void {
  find("profile-proof").hidden = !hasChanged(find<HTMLInputElement>("profile-email"));
}

function hasChanged({ value, defaultValue }: HTMLInputElement | HTMLTextAreaElement): boolean {
  return value !== defaultValue;
}

/** The stored token may be newer than the one in a response; the next request uses the stored one. */
async function showStoredToken(): Promise<void> {
  const token = await client.token();
  if (token !== null && find("token-age") !== null) {
    showToken(token);
  }
}

/**
 * Like `onSubmit`, for a logged-in user, whose session may have ended elsewhere. A response may also arrive after the
 * view was left, when another user may be logged in: it must not show in theirs.
 */
function onSubmitOfUser(form: HTMLFormElement, send: Parameters<typeof onSubmit>[1]): void {
  onSubmit(form, async (button) => {
    try {
      return await send(button);
    } catch (error) {
      const hasEnded = error instanceof ApiError && (await client.token()) === null;
      if (!hasEnded) {
        throw error;
      }
      if (form.isConnected) {
        openLogIn({ notice: "Your session has ended. Please log in again." });
      }
    }
  });
}

if ((await client.token()) === null) {
  openLogIn();
} else {
  resume();
}
