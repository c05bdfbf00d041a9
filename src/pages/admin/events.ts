/** Events: those of all users, with filters, and those of one. */

import type { AdminEvent, AdminUser } from "latchkey-client";
import { newRow } from "../account/rows.js";
import { capitalized, placeName } from "../account/texts.js";
import { absolute } from "../account/time.js";
import { find } from "../account/view.js";
import { keepInAddress, onFilter, openList } from "./list.js";
import type { Console } from "./page.js";
import { choose } from "./users.js";

const TYPES: Record<AdminEvent["type"], string> = {
  "user.registered": "Registered",
  "user.renamed": "Username changed",
  "user.verified": "Email verified",
  "user.deactivated": "Deactivated",
  "user.activated": "Activated",
  "user.erased": "Erased",
  "password.changed": "Password changed",
  "password.reset": "Password set by mail",
  "email.changed": "Email changed",
  "sessions.ended": "Sessions ended",
  "credential.added": "Credential added",
  "credential.removed": "Credential removed",
  "recovery.used": "Recovery code used",
  "account.locked": "Locked after failed log-ins",
  "staff.granted": "Rights given",
  "staff.revoked": "Rights taken away",
  "staff.reset_requested": "Password reset sent",
};

/** Texts of details that are not plain words. */
const DETAILS: Record<string, string> = {
  totp: "authenticator app",
  recovery: "recovery codes",
  invitation: "by an invitation",
  unusable: "there is none any more",
};

/** Shows the events of all users, as the parameters of the address filter them. */
export function openEvents(page: Console, parameters: URLSearchParams): void {
  page.open("events");
  const user = find<HTMLInputElement>("filter-user");
  const type = find<HTMLSelectElement>("filter-type");
  type.append(...Object.entries(TYPES).map(([value, text]) => new Option(text, value)));
  user.value = parameters.get("user") ?? "";
  choose(type, parameters.get("type"));
  const filterOf = () => ({ user: user.value.trim(), type: type.value as AdminEvent["type"] | "" });
  const reload = openEventList(page, filterOf, true);
  const use = () => {
    const isId = /^([1-9]\d{0,15})?$/.test(user.value.trim());
    user.ariaInvalid = String(!isId);
    find("filter-user-error").textContent = isId ? "" : "An id is a number. The list of users has it.";
    if (isId) {
      keepInAddress({ events: "", user: user.value.trim(), type: type.value });
      reload();
    }
  };
  onFilter(find("filter"), use);
  use();
}

/** Shows the events of one user in the view of theirs, and gives the function that reads them again. */
export function openEventsOf(page: Console, id: AdminUser["id"]): () => void {
  const reload = openEventList(page, () => ({ user: String(id), type: "" }), false);
  reload();
  return reload;
}

function openEventList(
  page: Console,
  filterOf: () => { user: string; type: AdminEvent["type"] | "" },
  hasUsers: boolean,
): () => void {
  return openList<AdminEvent>(page, {
    async read(after, signal) {
      const { user, type } = filterOf();
      const search = { after, ...(user === "" ? {} : { user: Number(user) }), ...(type === "" ? {} : { type }) };
      const { events, next } = await page.admin.events(search, { signal });
      return { items: events, next };
    },
    rowOf: (event) => rowOf(page, event, hasUsers),
    nouns: ["event", "events"],
    emptyText: () => "There are none.",
  });
}

/** Row of an event, with its user if the list has those of several. */
function rowOf({ me }: Console, event: AdminEvent, hasUsers: boolean): HTMLElement {
  const row = newRow("event-row");
  const { type, detail } = event;
  const text = TYPES[type] ?? type;
  row.querySelector("strong")!.textContent = detail === null ? text : `${text}: ${DETAILS[detail] ?? detail}`;
  const where = [event.agent, placeName(event.place)].filter(Boolean).join(", ");
  const parts: Node[][] = [
    [absolute(Date.parse(event.at) / 1000)],
    hasUsers ? [linkTo(event.user, me)] : [],
    actorOf(event, me),
    where === "" ? [] : [isolated(where)],
  ];
  const shown = parts.filter((nodes) => nodes.length > 0);
  const separated = shown.flatMap((nodes, index) => (index === 0 ? nodes : [new Text(" · "), ...nodes]));
  row.querySelector(".device-details")!.append(...separated);
  return row;
}

/** Actor of an event, where that was not the user. */
function actorOf({ user, actor }: AdminEvent, me: AdminUser): Node[] {
  if (actor === null || actor === user) {
    return [];
  }
  return actor === "operator" ? [new Text("by the operator")] : [new Text("by "), linkTo(actor, me)];
}

function linkTo(id: number, me: AdminUser): HTMLElement {
  const link = document.createElement("a");
  link.href = `#user=${id}`;
  link.textContent = id === me.id ? "you" : `user ${id}`;
  return link;
}

function isolated(text: string): HTMLElement {
  const element = document.createElement("bdi");
  element.textContent = capitalized(text);
  return element;
}
