/** Recovery codes, which are shown once. */

import { BRAND, find } from "./view.js";

/** Shows new codes, with what keeps them, until the user says that they have kept them. */
export function showRecoveryCodes(codes: string[], email: string): void {
  const part = find("recovery");
  const status = part.querySelector("[role=status]")!;
  const items = codes.map((code) => {
    const item = document.createElement("li");
    item.textContent = code;
    return item;
  });
  find("recovery-codes").replaceChildren(...items);
  status.textContent = "";
  part.hidden = false;
  find("recovery-heading").focus();

  find("copy-codes").onclick = async () => {
    try {
      await navigator.clipboard.writeText(codes.join("\n"));
      status.textContent = "Copied.";
    } catch {
      getSelection()!.selectAllChildren(find("recovery-codes"));
      status.textContent = "They are selected: copy them with Ctrl+C or ⌘C.";
    }
  };
  find("download-codes").onclick = () => {
    const lines = [`Recovery codes of ${BRAND} for ${email}. Each works once.`, "", ...codes, ""];
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([lines.join("\n")], { type: "text/plain" }));
    link.download = "recovery-codes.txt";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // once the browser has read it
  };
  find("print-codes").onclick = () => print();
  find("codes-kept").onclick = () => {
    hideRecoveryCodes();
    find("two-step-heading").focus();
  };
}

/** Takes the codes out of the page. */
export function hideRecoveryCodes(): void {
  find("recovery").hidden = true;
  find("recovery-codes").replaceChildren();
}
