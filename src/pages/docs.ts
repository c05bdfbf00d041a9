// The API reference: Swagger UI with /api/openapi.json.

import SwaggerUI, { type Response } from "swagger-ui-dist/swagger-ui-es-bundle.js";
import "swagger-ui-dist/swagger-ui.css";
import "./docs.css";

const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();

/** Authorizes the requests that follow with the token of a response that has one: each is fresher than the last. */
function authorize(response: Response): Response {
  const { user } = Object(response.obj) as { user?: { token?: unknown; username?: unknown } };
  if (response.ok && typeof user?.token === "string") {
    ui.preauthorizeApiKey("token", user.token);
    document.getElementById("authorized")!.textContent = `Requests have the token of ${user.username}.`;
  }
  return response;
}

const ui = SwaggerUI({
  dom_id: "#reference",
  url: "/api/openapi.json",
  deepLinking: true,
  defaultModelsExpandDepth: -1, // schemas stand with the requests that have them
  displayRequestDuration: true,
  persistAuthorization: false,
  responseInterceptor: authorize,
  tryItOutEnabled: true,
  validatorUrl: null, // it would send the document to another server
});
