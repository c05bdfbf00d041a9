/** The page of a user: who they are, and what staff do for them. */

import { type AdminUserWithMethods, NotFoundError } from "latchkey-client";
import { absolute } from "../account/time.js";
import { BRAND, find } from "../account/view.js";
import { openActions, showActions } from "./actions.js";
import { openEventsOf } from "./events.js";
import { showMarks } from "./marks.js";
import type { Console } from "./page.js";
import { limitActions, type Subject } from "./subject.js";
import { openSessions, showCredentials } from "./ways.js";

/** Shows the page of a user, with a notice. */
export function openUser(page: Console, id: number, notice = ""): void {
  page.open("user", "users");
  const form = find<HTMLFormElement>("look-up-user");
  const subject: Subject = {
    id,
    user: undefined,
    show(changed) {
      subject.user = { ...subject.user!, ...changed };
      if (form.isConnected) {
        showUser(page, subject);
        reloadSessions();
        reloadEvents();
      }
    },
  };
  openActions(page, subject, (notice) => openUser(page, id, notice));
  page.on(form, async (button) => {
    try {
      subject.user = await page.admin.user(id);
    } catch (error) {
      if (error instanceof NotFoundError) {
        showNobody(form);
        return;
      }
      button.hidden = false;
      throw error;
    }
    button.hidden = true;
    if (form.isConnected) {
      document.querySelectorAll<HTMLElement>("[data-of=user]").forEach((part) => (part.hidden = false));
      showUser(page, subject);
      showCredentials(page, subject, reloadEvents);
    }
  });
  form.requestSubmit(form.querySelector("button"));
  const reloadEvents = openEventsOf(page, id);
  const reloadSessions = openSessions(page, subject, reloadEvents);
  find("notice").textContent = notice; // which the forms have cleared
}

function showUser(page: Console, subject: Subject): void {
  const user = subject.user!;
  find("user-email").textContent = user.email;
  document.title = `${user.email} · ${BRAND}`;
  showMarks(find("user-marks"), user);
  find("profile").replaceChildren(...profileOf(user).map(([term, value]) => entry(term, value)));
  showActions(page, user);
  find("user-reason").textContent = limitActions(page, subject);
}

function profileOf(user: AdminUserWithMethods): [string, Node | string][] {
  const timeOf = (time: string) => absolute(Date.parse(time) / 1000);
  return [
    ["Id", String(user.id)],
    ["Email", user.email],
    ["Username", user.username],
    ["Bio", user.bio ?? "None"],
    ["Image", user.image ?? "None"],
    ["Made", timeOf(user.created)],
    ["Changed", timeOf(user.updated)],
  ];
}

/** A term with what users write, or with a time. */
function entry(term: string, value: Node | string): HTMLElement {
  const [row, name, text] = ["div", "dt", "dd"].map((tag) => document.createElement(tag)) as [
    HTMLElement,
    HTMLElement,
    HTMLElement,
  ];
  const isolated = document.createElement("bdi");
  name.textContent = term;
  isolated.append(value);
  text.append(isolated);
  row.append(name, text);
  return row;
}

function showNobody(form: HTMLFormElement): void {
  if (form.isConnected) {
    document.querySelectorAll<HTMLElement>("[data-of=user]").forEach((part) => (part.hidden = true));
    find("user-email").textContent = "No such user";
    find("user-reason").textContent = "They were erased, or there never was one with this id.";
  }
}
