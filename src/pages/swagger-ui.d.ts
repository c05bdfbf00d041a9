declare module "swagger-ui-dist/swagger-ui-es-bundle.js" {
  /** Response of a request that was tried, and of the one for the document. */
  export interface Response {
    ok: boolean;
    /** Its body, if that is JSON. */
    obj?: unknown;
  }

  interface Ui {
    preauthorizeApiKey(scheme: string, value: string): void;
    authActions: { logout(schemes: string[]): void };
  }

  /** https://swagger.io/docs/open-source-tools/swagger-ui/usage/configuration/ */
  export default function SwaggerUI(options: Record<string, unknown>): Ui;
}
