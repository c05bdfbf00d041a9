/** The list of users, with a search. */

import type { AdminUser, UserSearch } from "latchkey-client";
import { newRow } from "../account/rows.js";
import { find } from "../account/view.js";
import { keepInAddress, onFilter, openList } from "./list.js";
import { showMarks } from "./marks.js";
import type { Console } from "./page.js";

/** Shows the list, as the parameters of the address have it. */
export function openUsers(page: Console, parameters: URLSearchParams): void {
  page.open("users");
  const text = find<HTMLInputElement>("search-text");
  const state = find<HTMLSelectElement>("search-state");
  text.value = parameters.get("q") ?? "";
  choose(state, parameters.get("state"));
  const reload = openList<AdminUser>(page, {
    async read(after, signal) {
      const chosen = state.value as NonNullable<UserSearch["state"]> | "";
      const filter = chosen === "" ? {} : { state: chosen };
      const { users, next } = await page.admin.users({ q: text.value.trim(), after, ...filter }, { signal });
      return { items: users, next };
    },
    rowOf,
    nouns: ["user", "users"],
    emptyText() {
      if (text.value.trim() === "") {
        return "There are none.";
      }
      const those = state.value === "" ? "Nobody’s" : "In this state, nobody’s";
      return `${those} email or username begins with this.`;
    },
  });
  onFilter(find("search"), () => {
    keepInAddress({ q: text.value.trim(), state: state.value });
    reload();
  });
  reload();
}

/** Chooses an option, if there is one of this value. */
export function choose(select: HTMLSelectElement, value: string | null): void {
  const option = [...select.options].find((each) => each.value === value);
  if (option !== undefined) {
    option.selected = true;
  }
}

function rowOf(user: AdminUser): HTMLElement {
  const row = newRow("user-row");
  const link = row.querySelector("a")!;
  const [email, username] = row.querySelectorAll("bdi");
  link.href = `#user=${user.id}`;
  email!.textContent = user.email;
  username!.textContent = user.username;
  row.querySelector("span")!.textContent = `id ${user.id}`;
  showMarks(row.querySelector(".marks")!, user);
  return row;
}
