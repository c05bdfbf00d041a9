/** The console of staff: entry to it, and the transitions between its views, which the address names. */

import {
  type AdminUser,
  ApiError,
  type Credential,
  decodeToken,
  ForbiddenError,
  Latchkey,
  LatchkeyAdmin,
  NotFoundError,
} from "latchkey-client";
import { canUsePasskeys, tokenStorage } from "./account/browser.js";
import { onSubmit, PROGRESS_DELAY } from "./account/form.js";
import { methodsOf } from "./account/methods.js";
import { openProof, renewProof } from "./account/proof.js";
import { find, show } from "./account/view.js";
import { openEvents } from "./admin/events.js";
import { openInvite } from "./admin/invite.js";
import type { Console } from "./admin/page.js";
import { openUser } from "./admin/user.js";
import { openUsers } from "./admin/users.js";

const client = new Latchkey("", { storage: tokenStorage(), renewProof: prove });
const admin = new LatchkeyAdmin(client);
const methods = methodsOf(client);
let page: Console | undefined;

/** Shows what the address asks for, or why this user may not see it. */
async function enter(): Promise<void> {
  page = undefined;
  const claims = decodeToken((await client.token()) ?? "");
  if (claims === undefined) {
    show("logged-out");
    return;
  }
  show("enter");
  const waiting = find("waiting");
  const form = waiting.querySelector("form")!;
  const button = form.querySelector("button")!;
  setTimeout(() => (waiting.hidden = false), PROGRESS_DELAY);
  on(form, async () => {
    let me: AdminUser;
    try {
      me = await admin.user(claims.id);
    } catch (error) {
      if (error instanceof NotFoundError) {
        show("off"); // nobody is there more surely than who asks
        return;
      }
      waiting.hidden = button.hidden = false;
      throw error;
    }
    page = { client, admin, me, methods, on, open };
    openRoute(page);
  });
  form.requestSubmit(button);
}

function on(form: HTMLFormElement, send: Parameters<typeof onSubmit>[1]): void {
  onSubmit(form, async (button) => {
    try {
      return await send(button);
    } catch (error) {
      if (error instanceof ApiError && (await client.token()) === null) {
        page = undefined;
        show("logged-out");
      } else if (error instanceof ForbiddenError && (page === undefined || !(await hasTwoFactors()))) {
        await openForbidden();
      } else {
        throw error;
      }
    }
  });
}

/** Shows why this user may not use the page. The API does not tell. */
async function openForbidden(): Promise<void> {
  page = undefined;
  if (await hasTwoFactors()) {
    show("forbidden");
    return;
  }
  const kinds = await kindsOfFactors();
  if (kinds.size === 0) {
    show("set-up-factor");
    return;
  }
  show("prove-factor");
  const form = find("view").querySelector("form")!;
  on(form, async () => {
    if (await prove()) {
      await enter();
    }
  });
}

async function hasTwoFactors(): Promise<boolean> {
  return decodeToken((await client.token()) ?? "")?.amr?.includes("mfa") ?? false;
}

async function kindsOfFactors(): Promise<Set<Credential["type"]>> {
  const { credentials } = await client.credentials();
  return new Set(credentials.map(({ type }) => type).filter((type) => type !== "recovery"));
}

/** Asks for a proof with two factors. Without an app, that is a passkey alone: a password would be the only factor. */
async function prove(): Promise<boolean> {
  const hasApp = (await kindsOfFactors()).has("totp");
  find("proof").hidden = !hasApp;
  find("proof-text").textContent = hasApp
    ? "This needs a new proof. Enter your password, then a code of your app."
    : "This needs a new proof. Use your passkey.";
  find("proof-by-passkey").hidden = !(await methods())?.passkey || !canUsePasskeys();
  return renewProof();
}

/** Shows a view, with the links to the others. */
function open(view: string, section = view): void {
  show(view);
  find("session").append(find<HTMLTemplateElement>("sections").content.cloneNode(true));
  document.querySelector(`[data-view=${section}]`)!.ariaCurrent = "page";
}

function openRoute(page: Console): void {
  const parameters = new URLSearchParams(location.hash.slice(1));
  const id = Number(parameters.get("user"));
  if (parameters.has("events")) {
    openEvents(page, parameters);
  } else if (parameters.has("invite")) {
    void openInvite(page, (id, notice) => {
      history.pushState(null, "", `#user=${id}`);
      openUser(page, id, notice);
    });
  } else if (Number.isSafeInteger(id) && id > 0) {
    openUser(page, id);
  } else {
    openUsers(page, parameters);
  }
}

addEventListener("hashchange", () => page && openRoute(page));

void openProof({ client, methods, onSubmitOfUser: on });
await enter();
