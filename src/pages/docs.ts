// The API reference: Swagger UI with /api/openapi.json.

import { ApiError, ConnectionError, Latchkey, memoryStorage, type User } from "latchkey-client";
import SwaggerUI, { type Response } from "swagger-ui-dist/swagger-ui-es-bundle.js";
import "./docs.css";

const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();

const SCHEME = "token"; // its name in the document

/** The token of the last response that had one. The client finds out when its session has ended. */
const storage = memoryStorage();
const client = new Latchkey("", { storage });

const authorized = document.getElementById("authorized")!;
const invitation = authorized.textContent;

/** Authorizes the requests that follow with a user's token. */
function authorize({ token, username }: Pick<User, "token" | "username">): void {
  ui.preauthorizeApiKey(SCHEME, token);
  authorized.textContent = `Requests have the token of ${username}.`;
}

client.onSessionChange((change) => {
  if (change === "ended") {
    ui.authActions.logout([SCHEME]);
    authorized.textContent = invitation;
  }
});

/** Asks the API whether the session goes on. */
async function checkSession(): Promise<void> {
  if ((await client.token()) === null) {
    return;
  }
  try {
    const user = await client.me();
    // Another user may have logged in meanwhile.
    if (user.token === (await client.token())) {
      authorize(user);
    }
  } catch (error) {
    if (!(error instanceof ApiError || error instanceof ConnectionError)) {
      throw error;
    }
  }
}

/** Follows the session: a response with a token has one fresher than the last, and any other may have ended it. */
async function followSession(response: Response): Promise<void> {
  const { user } = Object(response.obj) as { user?: { token?: unknown; username?: unknown } };
  if (response.ok && typeof user?.token === "string") {
    await storage.set(user.token);
    await client.token(); // shows it to the client
    authorize({ token: user.token, username: String(user.username) });
  } else {
    await checkSession();
  }
}

// It may have ended in another tab, or while the browser kept this page for its Back button.
addEventListener("focus", checkSession);
addEventListener("pageshow", checkSession);

/** Has the client forget the token with Swagger UI, whose dialog has a button for that. */
const forgetWithDialog = () => ({
  statePlugins: {
    auth: {
      wrapActions: {
        logout: (logout: (schemes: string[]) => unknown) => (schemes: string[]) => {
          void client.clearToken();
          return logout(schemes);
        },
      },
    },
  },
});

const ui = SwaggerUI({
  dom_id: "#reference",
  url: "/api/openapi.json",
  deepLinking: true,
  defaultModelsExpandDepth: -1, // schemas stand with the requests that have them
  displayRequestDuration: true,
  persistAuthorization: false,
  plugins: [forgetWithDialog],
  responseInterceptor(response: Response) {
    void followSession(response);
    return response;
  },
  tryItOutEnabled: true,
  validatorUrl: null, // it would send the document to another server
});
