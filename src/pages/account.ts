/** The account page: its views and the transitions between them. */

import { ApiError, ConnectionError, Latchkey, type User, type UserPatch, type UserWithMail } from "latchkey-client";
import { tokenStorage } from "./account/browser.js";
import { openCredentials } from "./account/credentials.js";
import { openDevices, refreshDevices, removeOtherDevices } from "./account/devices.js";
import { hasEdits, keepEdits, restoreEdits } from "./account/draft.js";
import { openSecondStep } from "./account/factor.js";
import { fieldsOf, hasChanged, onSubmit, PROGRESS_DELAY, showFieldError, valuesOf } from "./account/form.js";
import { openGuest, openLogIn } from "./account/guest.js";
import { enter, openLinkOf } from "./account/link.js";
import { failureText, isClientError } from "./account/messages.js";
import { methodsOf } from "./account/methods.js";
import type { Greeting, Page } from "./account/page.js";
import { showPicture } from "./account/picture.js";
import { openProof, renewProof } from "./account/proof.js";
import { showPasswordRules } from "./account/rules.js";
import { copyToken, showToken } from "./account/token.js";
import { openVerification, showVerification } from "./account/verification.js";
import { find, show } from "./account/view.js";

const client = new Latchkey("", { storage: tokenStorage(), renewProof });
const page: Page = {
  client,
  methods: methodsOf(client),
  open,
  openLogIn: (greeting) => openLogIn(page, greeting),
  enter: async (result) => (result.factor ? openSecondStep(page, result, onSubmit) : enter(page, result)),
  openAccount,
  onSubmitOfUser,
  showStoredToken,
};

async function open(greeting: Greeting = {}): Promise<void> {
  if ((await client.token()) === null) {
    await openGuest(page, greeting);
  } else {
    resume(greeting.notice);
  }
}

/** Restores the session of a page that was loaded with a token. Shows itself only if that takes long, or fails. */
function resume(notice?: string): void {
  show("resume");
  const button = document.querySelector<HTMLButtonElement>("#waiting form button")!;
  const form = button.form!;
  const waiting = find("waiting");
  const leave = find("leave");
  setTimeout(() => (waiting.hidden = false), PROGRESS_DELAY);
  find("log-in-again").addEventListener("click", async () => {
    try {
      await client.clearToken();
    } catch (error) {
      if (!isClientError(error)) {
        throw error;
      }
      form.querySelector("[role=alert]")!.textContent = failureText(error, button.textContent!);
      return;
    }
    openLogIn(page);
  });
  onSubmitOfUser(form, async () => {
    try {
      await openAccount(await client.me(), notice);
    } catch (error) {
      waiting.hidden = button.hidden = leave.hidden = false;
      throw error;
    }
  });
  form.requestSubmit(button);
}

async function openAccount(user: UserWithMail, notice = ""): Promise<void> {
  show("account");
  history.replaceState(null, "", "/");
  openLogOut();

  const profile = find<HTMLFormElement>("profile");
  const email = find<HTMLInputElement>("profile-email");
  const proof = find<HTMLInputElement>("profile-password");
  profile.addEventListener("input", followEdits);
  onSubmitOfUser(profile, async () => {
    const changed = fieldsOf(profile).filter((field) => hasChanged(field === proof ? email : field));
    if (changed.length === 0) {
      return "Nothing has changed.";
    }
    const user = await client.update(Object.fromEntries(changed.map((field) => [field.name, field.value])));
    if (profile.isConnected) {
      await showUser(user);
      if (changed.includes(email)) {
        await showVerification(client, user.mail);
      }
    }
    return "Profile saved.";
  });

  const password = find<HTMLFormElement>("password");
  onSubmitOfUser(password, async () => {
    await client.update(valuesOf<UserPatch>(password));
    await showStoredToken();
    password.reset();
    removeOtherDevices(password);
    return "Password changed. Your other devices are logged out.";
  });

  showPasswordRules(find("password-new"));

  const sessions = find<HTMLFormElement>("sessions");
  onSubmitOfUser(sessions, async (button) => {
    if (button.value === "others") {
      await client.logout("others");
      await showStoredToken();
      removeOtherDevices(sessions);
      return "Your other devices are logged out.";
    }
    await client.logout("all");
    openLogIn(page, { notice: "You are logged out everywhere." });
  });

  onSubmitOfUser(find<HTMLFormElement>("deactivate"), async () => {
    await client.deactivate();
    openLogIn(page, { notice: "Your account is deactivated." });
  });

  find("copy-token").addEventListener("click", copyToken);

  await showUser(user);
  if (restoreEdits(profile, user)) {
    followEdits();
    profile.querySelector("[role=status]")!.textContent = "Your changes are still here, and not saved yet.";
  }
  if (profile.isConnected) {
    openDevices(client, onSubmitOfUser);
    void openVerification(page, user.mail);
    void openProof(page);
    void openCredentials(page);
    find("notice").textContent = notice; // which the form of the devices has cleared
  }
}

/** Puts the button into the header. It works without the server too, or nobody could leave while that is away. */
function openLogOut(): void {
  find("session").append(find<HTMLTemplateElement>("log-out").content.cloneNode(true));
  const form = find<HTMLFormElement>("leaving");
  onSubmit(form, async () => {
    let notice = "You are logged out.";
    try {
      await client.logout();
    } catch (error) {
      if (!form.isConnected || !(error instanceof ApiError || error instanceof ConnectionError)) {
        throw error;
      }
      await client.clearToken();
      notice = "You are logged out in this browser. The server could not be reached, to end the session there too.";
    }
    openLogIn(page, { notice });
  });
}

async function showUser(user: User): Promise<void> {
  showPicture(user.image, user.username);
  find("who").textContent = user.username;
  find("address").textContent = user.email;
  find<HTMLInputElement>("password-owner").value = user.email;
  for (const field of fieldsOf(find<HTMLFormElement>("profile"))) {
    field.value = user[field.name as keyof User] ?? "";
    field.defaultValue = field.value; // which the browser may have brought into its own form, with other line ends
  }
  followEdits();
  await showStoredToken();
}

/**
 * Brings the page in line with the edits of the profile: a new email needs the password, in a field that is shown and
 * sent only then, and a confirmation; unsaved edits need one before the user logs out.
 */
function followEdits(): void {
  const email = find<HTMLInputElement>("profile-email");
  const proof = find<HTMLInputElement>("profile-password");
  const isNew = hasChanged(email);
  if (!isNew) {
    proof.value = "";
    showFieldError(proof, "");
  }
  find("profile-proof").hidden = !isNew;
  find("new-email").textContent = email.value.trim();
  find("save").dataset.question = isNew ? "ask-email" : "";
  find("log-out-here").dataset.question = hasEdits() ? "ask-unsaved" : "";
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
        keepEdits();
        openLogIn(page, { notice: "Your session has ended. Please log in again." });
      }
    }
  });
}

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") {
    refreshDevices(); // the user may come back from another device
    void showVerification(client);
  }
});

addEventListener("popstate", async () => {
  // Also where a link is opened in this window, which changes no more than the fragment of the address.
  if (!openLinkOf(page) && (await client.token()) === null) {
    await openGuest(page);
  }
});

if (!openLinkOf(page)) {
  await open();
}
