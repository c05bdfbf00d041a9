// User actions on the account page.

export const PASSWORD = "correct horse";

let users = 0;

/** A user who is not registered yet. */
export function newUser() {
  users += 1;
  return { username: `jake${users}`, email: `jake${users}@example.com`, password: PASSWORD };
}

export const field = (page, label) => page.getByLabel(label, { exact: true });
export const link = (page, name) => page.getByRole("link", { name, exact: true });
export const button = (page, name) => page.getByRole("button", { name, exact: true });

/** Each waits for a view and its announcement. */
export const view = (page, heading) => page.getByRole("heading", { level: 1, name: heading, exact: true }).waitFor();
export const says = (page, text) => page.getByRole("status").filter({ hasText: text }).waitFor();
export const warns = (page, text) => page.getByRole("alert").filter({ hasText: text }).waitFor();

export async function signUp(page, { username, email, password }) {
  await link(page, "Create an account").click();
  await field(page, "Username").fill(username);
  await field(page, "Email").fill(email);
  await field(page, "Password").fill(password);
  await button(page, "Sign up").click();
  await view(page, "Your account");
  await devices(page).first().waitFor();
}

/** Rows of the list of devices. */
export const devices = (page) => page.locator("#devices > li");

/** Answers the question of a dialog with one of its buttons. */
export const choose = (page, question, answer) => button(page.getByRole("dialog", { name: question }), answer).click();

export async function logOut(page) {
  await button(page, "Log out").click();
  await view(page, "Log in");
}

export const storedToken = (page) => page.evaluate(() => sessionStorage.getItem("latchkey.token"));

/** Opens the part with the token. */
export const openToken = (page) => page.getByText("For developers", { exact: true }).click();

export async function logIn(page, { email, password }) {
  await field(page, "Email").fill(email);
  await field(page, "Password").fill(password);
  await button(page, "Log in").click();
}

/** Waits for an error of a field that the field refers to. */
export async function fieldError(page, label, text) {
  const input = field(page, label);
  await page.locator("[aria-invalid=true]").and(input).waitFor();
  const [id] = (await input.getAttribute("aria-describedby")).split(" ");
  await page.locator(`#${id}`).getByText(text, { exact: true }).waitFor();
}

export const focused = (page, locator) => page.locator(":focus").and(locator).waitFor();
