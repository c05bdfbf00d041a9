//! Operations of JavaScript for wasm, as types: `host.ts` implements [`Host`], and `tsc` checks it.

use worker::js_sys::JsString;
use worker::wasm_bindgen::JsValue;
use worker::wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen(typescript_custom_section)]
const HOST: &str = r#"
/** Operations for one request. One that takes time is followed by one of the functions `resumeWith…`. */
export interface Host {
  /** Value of a header, by its name in lower case. */
  header(name: string): string | undefined;
  /** City and country of the client, as Cloudflare tells them. */
  place(): string | undefined;
  /** Reads the body, of at most `limit` bytes. */
  readBody(limit: number): void;
  /** Runs a statement, with parameters in JSON: in a D1 session that a bookmark or a constraint begins, or in none. */
  query(constraint: string | undefined, sql: string, params: string): void;
  /** Runs statements in one transaction: pairs of SQL and parameters, in JSON. The last one's result counts. */
  batch(constraint: string | undefined, statements: string): void;
  /** Reads a static asset, by its path. */
  readAsset(path: string): void;
  /** Counts a request under the limit with this binding. */
  checkRateLimit(binding: string, key: string): void;
  /** Starts a request, with a line for the name of each header and one for its value; resumes once it is under way. */
  fetch(method: string, url: string, headers: string, body: string | undefined): void;
  /** Receives the response to it within so many milliseconds: of its body at most `maxBytes` bytes; if 0, nothing. */
  receive(timeout: number, maxBytes: number): void;
  /** Sends a mail. `name` is that of the sender. */
  sendMail(name: string | undefined, from: string, to: string, subject: string, text: string, html: string): void;
  /** Encrypts by AES-256-GCM. */
  encrypt(key: Uint8Array, nonce: Uint8Array, text: Uint8Array, context: string): void;
  /** Decrypts by AES-256-GCM. */
  decrypt(key: Uint8Array, nonce: Uint8Array, encrypted: Uint8Array, context: string): void;
  /** Verifies a signature of an algorithm with this number in COSE. */
  verifySignature(algorithm: number, publicKey: Uint8Array, signature: Uint8Array, message: Uint8Array): void;
  /** Responds. The head is a line for the status, and for each header a line for its name and one for its value. */
  respond(head: string, bookmark: string | undefined, body: string | undefined): void;
  /** Resumes the task once the response is on its way. */
  continueInBackground(): void;
}
"#;

#[wasm_bindgen]
extern "C" {
    /// Operations for one request.
    #[wasm_bindgen(typescript_type = "Host")]
    pub type Host;

    #[wasm_bindgen(method)]
    pub fn header(this: &Host, name: &str) -> Option<String>;

    #[wasm_bindgen(method)]
    pub fn place(this: &Host) -> Option<String>;

    #[wasm_bindgen(method, js_name = readBody)]
    pub fn read_body(this: &Host, limit: usize);

    #[wasm_bindgen(method)]
    pub fn query(this: &Host, constraint: Option<&str>, sql: &JsString, params: &str);

    #[wasm_bindgen(method)]
    pub fn batch(this: &Host, constraint: Option<&str>, statements: &str);

    #[wasm_bindgen(method, js_name = readAsset)]
    pub fn read_asset(this: &Host, path: &str);

    #[wasm_bindgen(method, js_name = checkRateLimit)]
    pub fn check_rate_limit(this: &Host, binding: &str, key: &str);

    #[wasm_bindgen(method)]
    pub fn fetch(this: &Host, method: &str, url: &str, headers: &str, body: Option<&str>);

    #[wasm_bindgen(method)]
    pub fn receive(this: &Host, timeout: u32, max_bytes: usize);

    #[wasm_bindgen(method, js_name = sendMail)]
    pub fn send_mail(
        this: &Host,
        name: Option<&str>,
        from: &str,
        to: &str,
        subject: &str,
        text: &str,
        html: &str,
    );

    #[wasm_bindgen(method)]
    pub fn encrypt(this: &Host, key: &[u8], nonce: &[u8], text: &[u8], context: &str);

    #[wasm_bindgen(method)]
    pub fn decrypt(this: &Host, key: &[u8], nonce: &[u8], encrypted: &[u8], context: &str);

    #[wasm_bindgen(method, js_name = verifySignature)]
    pub fn verify_signature(this: &Host, algorithm: i32, public_key: &[u8], signature: &[u8], message: &[u8]);

    #[wasm_bindgen(method)]
    pub fn respond(this: &Host, head: &JsString, bookmark: Option<&str>, body: Option<&str>);

    #[wasm_bindgen(method, js_name = continueInBackground)]
    pub fn continue_in_background(this: &Host);

    /// The parser of URLs, for what it knows of international domains: a crate for that has 80 KiB of tables.
    #[wasm_bindgen(js_name = URL)]
    pub type Url;

    #[wasm_bindgen(constructor, catch, js_class = "URL")]
    pub fn new(url: &str) -> Result<Url, JsValue>;

    #[wasm_bindgen(method, getter)]
    pub fn hostname(this: &Url) -> String;
}
