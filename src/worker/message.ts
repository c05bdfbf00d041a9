/** Internet messages (RFC 5322) in plain text and HTML (RFC 2046 §5.1.4). */

/** Mail, whose addresses and headers `mail/delivery.rs` has checked. */
export interface Mail {
  from: { name: string | undefined; address: string };
  to: string;
  subject: string;
  text: string;
  html: string;
}

/** Headers of every mail: what answers mails by itself answers none of these (RFC 3834). */
export const HEADERS = { "Auto-Submitted": "auto-generated" };

const encoder = new TextEncoder();

/** Message without its last line break. No line of it begins with a dot, which SMTP would want doubled. */
export function message({ from, to, subject, text, html }: Mail, domain: string): string {
  const boundary = crypto.randomUUID(); // no line of the parts begins with "--" and this
  const part = (type: string, body: string) => [
    `--${boundary}`,
    `Content-Type: text/${type}; charset=utf-8`,
    "Content-Transfer-Encoding: quoted-printable",
    "",
    quotedPrintable(body),
  ];
  return [
    `From: ${from.name === undefined ? "" : `${phrase(from.name)}\r\n `}<${from.address}>`,
    `To: <${to}>`,
    `Subject: ${isPlain(subject) ? subject : encodedWords(subject)}`,
    `Date: ${new Date().toUTCString().replace("GMT", "+0000")}`,
    `Message-ID: <${crypto.randomUUID()}@${domain}>`,
    ...Object.entries(HEADERS).map((pair) => pair.join(": ")),
    "MIME-Version: 1.0",
    `Content-Type: multipart/alternative;\r\n boundary="${boundary}"`,
    "",
    ...part("plain", text),
    ...part("html", html),
    `--${boundary}--`,
  ].join("\r\n");
}

/** Whether a text means itself in a header. */
const isPlain = (text: string) => /^[ -~]*$/.test(text) && !text.includes("=?");

/** Name in front of an address (RFC 5322 §3.2.5). */
const phrase = (name: string) => (isPlain(name) && !/["\\]/.test(name) ? `"${name}"` : encodedWords(name));

/** Words in Base64, a line each, which has at most 76 characters with the header's name (RFC 2047 §2). */
function encodedWords(text: string): string {
  const words = [""];
  for (const character of text) {
    const word = (words.at(-1) ?? "") + character;
    if (encoder.encode(word).length > 39) {
      words.push(character);
    } else {
      words[words.length - 1] = word;
    }
  }
  const encode = (word: string) => `=?utf-8?B?${btoa(String.fromCharCode(...encoder.encode(word)))}?=`;
  return words.map(encode).join("\r\n ");
}

/** Quoted-printable (RFC 2045 §6.7), in lines of at most 76 characters. */
function quotedPrintable(text: string): string {
  return text
    .split(/\r\n|\r|\n/)
    .map(quotedLine)
    .join("\r\n");
}

function quotedLine(line: string): string {
  const bytes = encoder.encode(line);
  let written = "";
  let length = 0;
  bytes.forEach((byte, index) => {
    const isSpaceAtEnd = byte === 32 && index === bytes.length - 1;
    const isItself = byte >= 32 && byte <= 126 && byte !== 61 && !isSpaceAtEnd;
    let token = isItself ? String.fromCharCode(byte) : `=${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    if (length + token.length > 75) {
      written += "=\r\n";
      length = 0;
    }
    if (length === 0 && token === ".") {
      token = "=2E";
    }
    written += token;
    length += token.length;
  });
  return written;
}
