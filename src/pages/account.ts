// The account page: who is not logged in can log in or sign up, who is can change the account, and end its sessions.

import { Latchkey, webStorage, type Scope, type User, type UserPatch } from "latchkey-client";
import { byId, setText } from "./dom.js";
import { explain, onSubmit, withProgress, type Typed } from "./form.js";
import { showToken } from "./token.js";

// Until the tab is closed, so that the page can be loaded again. No other script runs here (see _headers).
const latchkey = new Latchkey("", { storage: webStorage(sessionStorage) });

/** The user who is logged in, as the API answered last. */
let user: User | undefined;

/** Shows what a visitor sees. Why they are one is told as an alert, if they did not ask for it. */
function showVisitor(alert = ""): void {
  const wasUser = user !== undefined;
  user = undefined;
  showToken(null);
  byId("user").hidden = true;
  byId("visitor").hidden = false;
  showNotice(alert);
  if (wasUser) {
    byId("login-title").focus();
  }
}

async function showUser(shown: User): Promise<void> {
  const wasVisitor = !byId("visitor").hidden;
  user = shown;
  byId("visitor").hidden = true;
  byId("user").hidden = false;
  showNotice("");
  setText("name", shown.username);
  for (const input of byId("profile").querySelectorAll<HTMLInputElement | HTMLTextAreaElement>("input, textarea")) {
    input.value = shown[input.name as keyof User] ?? "";
  }
  byId("password").querySelector<HTMLInputElement>("[name=email]")!.defaultValue = shown.email; // for password managers
  showToken(await latchkey.token());
  if (wasVisitor) {
    byId("profile-title").focus();
  }
}

function showNotice(text: string): void {
  byId("notice").hidden = text === "";
  setText("notice", text);
}

/** What only a user can do: if their session turns out to have ended, they are a visitor again. */
function onUserSubmit(id: string, act: (typed: Typed, button: HTMLButtonElement) => Promise<void>): void {
  onSubmit(id, async (typed, button) => {
    try {
      await act(typed, button);
    } catch (error) {
      if ((await latchkey.token()) !== null) {
        throw error;
      }
      byId<HTMLDialogElement>("confirm").close();
      showVisitor("Your session has ended. Log in to go on.");
    }
  });
}

/** The fields of the profile that are not as they were. */
function changes(typed: Typed): UserPatch {
  const changed = Object.entries(typed).filter(([name, text]) => text !== (user?.[name as keyof User] ?? ""));
  return Object.fromEntries(changed);
}

function reset(...ids: string[]): void {
  for (const id of ids) {
    byId<HTMLFormElement>(id).reset();
  }
}

onSubmit("login", async ({ email = "", password = "" }) => {
  await showUser(await latchkey.login({ email, password }));
  reset("login", "register");
});

onSubmit("register", async ({ username = "", email = "", password = "" }) => {
  await showUser(await latchkey.register({ username, email, password }));
  reset("login", "register");
  setText("status", "Welcome! You are signed up, and logged in.");
});

onUserSubmit("profile", async (typed) => {
  const patch = changes(typed);
  if (Object.keys(patch).length === 0) {
    setText("status", "There was nothing to save.");
    return;
  }
  await showUser(await latchkey.update(patch));
  setText("status", "Your profile is saved.");
});

onUserSubmit("password", async ({ password = "" }) => {
  await showUser(await latchkey.update({ password }));
  reset("password");
  setText("status", "Your password is changed. You are logged out everywhere else.");
});

onUserSubmit("refresh", async () => {
  await showUser(await latchkey.me());
  setText("status", "Here is a fresh token.");
});

onUserSubmit("sessions", async (_, { value }) => {
  await latchkey.logout(value as Scope);
  if (value === "others") {
    setText("status", "You are logged out on your other devices.");
  } else {
    showVisitor();
    setText("status", value === "all" ? "You are logged out everywhere." : "You are logged out.");
  }
});

onUserSubmit("deactivate", async () => {
  await latchkey.deactivate();
  byId<HTMLDialogElement>("confirm").close();
  showVisitor();
  setText("status", "Your account is deactivated.");
});

byId("ask").addEventListener("click", () => byId<HTMLDialogElement>("confirm").showModal());
byId("cancel").addEventListener("click", () => byId<HTMLDialogElement>("confirm").close());

/** Goes on with the session of the tab, if there is one. */
async function begin(): Promise<void> {
  if ((await latchkey.token()) === null) {
    showVisitor();
    return;
  }
  try {
    await showUser(await withProgress(() => latchkey.me()));
  } catch (error) {
    if ((await latchkey.token()) === null) {
      showVisitor("Your session has ended. Log in to go on.");
    } else {
      showNotice(`${explain(error)} Load this page again.`);
    }
  }
}

void begin();
