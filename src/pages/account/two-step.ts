/** The part of the account with two-step verification: an authenticator app, and recovery codes. */

import { ApiError, type Credential, type CredentialList, type NewTotp } from "latchkey-client";
import type { Credentials } from "./credentials.js";
import { removeOtherDevices } from "./devices.js";
import { showFieldError, valuesOf } from "./form.js";
import type { Page } from "./page.js";
import { drawQr } from "./qr.js";
import { hideRecoveryCodes, showRecoveryCodes } from "./recovery.js";
import { day } from "./time.js";
import { find } from "./view.js";

/** Has the forms of that part work. */
export function openTwoStep({ client, onSubmitOfUser, showStoredToken }: Page, credentials: Credentials): void {
  const add = find<HTMLFormElement>("add-totp");
  const confirm = find<HTMLFormElement>("confirm-totp");
  const manage = find<HTMLFormElement>("manage-totp");
  const field = find<HTMLInputElement>("totp-code");
  let waiting: NewTotp | undefined;

  onSubmitOfUser(add, async () => {
    try {
      waiting = await client.addTotp();
    } catch (error) {
      if (error instanceof ApiError && /"totp" is not|^type /.test(error.message)) {
        add.hidden = true;
        find("two-step-state").textContent = "This site has no two-step verification.";
        find("two-step-heading").focus();
        return;
      }
      throw error;
    }
    if (add.isConnected) {
      showSetUp(waiting);
    }
  });

  onSubmitOfUser(confirm, async () => {
    const { recovery } = await client.confirmTotp(waiting!.id, valuesOf<{ code: string }>(confirm).code);
    if (confirm.isConnected) {
      endSetUp();
      showRecoveryCodes(recovery, find("address").textContent!);
      removeOtherDevices(confirm);
      await showStoredToken();
      await credentials.refresh();
    }
  });

  find("cancel-totp").addEventListener("click", () => {
    endSetUp();
    add.hidden = false;
    add.querySelector("button")!.focus();
  });

  onSubmitOfUser(manage, async (button) => {
    if (button.value === "codes") {
      const codes = await client.recoveryCodes();
      if (manage.isConnected) {
        showRecoveryCodes(codes, find("address").textContent!);
        await credentials.refresh();
      }
      return;
    }
    const { id } = appOf(credentials.list!.credentials)!;
    await client.removeCredential(id);
    if (manage.isConnected) {
      hideRecoveryCodes();
      await credentials.refresh();
      find("two-step-heading").focus();
    }
  });

  function showSetUp({ uri, secret }: NewTotp): void {
    add.hidden = true;
    find("set-up").hidden = false;
    find("totp-qr").replaceChildren(drawQr(uri, "QR code for your authenticator app"));
    find("totp-secret").textContent = secret.replace(/.{4}(?=.)/g, "$& ");
    find<HTMLAnchorElement>("totp-link").href = uri;
    find("set-up-heading").focus();
  }

  /** Takes the seed out of the page. */
  function endSetUp(): void {
    waiting = undefined;
    find("set-up").hidden = true;
    find("totp-qr").replaceChildren();
    find("totp-secret").textContent = "";
    find<HTMLAnchorElement>("totp-link").removeAttribute("href");
    confirm.reset();
    showFieldError(field, "");
  }
}

/** Shows whether it is on, and how many codes are left. */
export function showTwoStep({ credentials }: CredentialList): void {
  const app = appOf(credentials);
  const left = credentials.filter(({ type, used }) => type === "recovery" && used === null).length;
  const isOn = app !== undefined;
  find("add-totp").hidden = isOn || !find("set-up").hidden;
  find("manage-totp").hidden = !isOn;
  find("two-step-state").textContent = isOn ? `It is on, since ${day(new Date(app.created))}.` : "It is off.";
  find("codes-left").textContent = isOn ? leftText(left) : "";
}

function appOf(credentials: Credential[]): Credential | undefined {
  return credentials.find(({ type }) => type === "totp");
}

function leftText(left: number): string {
  if (left === 0) {
    return "You have no recovery codes left. Make new ones, or you are locked out when you lose your app.";
  }
  return left === 1 ? "You have 1 recovery code left. Make new ones soon." : `You have ${left} recovery codes left.`;
}
