/** QR codes, drawn as SVG. */

import { generate } from "lean-qr/nano";

const SVG = "http://www.w3.org/2000/svg";
/** Light modules around the code, without which readers don't find it (ISO/IEC 18004, 6.3.8). */
const QUIET = 4;

/** Draws a text as a QR code. Its colours are those of paper in a dark page too: not all readers take others. */
export function drawQr(text: string, label: string): SVGElement {
  const code = generate(text);
  const squares: string[] = [];
  for (let y = 0; y < code.size; y += 1) {
    for (let x = 0; x < code.size; x += 1) {
      if (code.get(x, y)) {
        squares.push(`M${x} ${y}h1v1h-1z`);
      }
    }
  }
  const side = code.size + 2 * QUIET;
  const image = element("svg", { viewBox: `${-QUIET} ${-QUIET} ${side} ${side}`, role: "img", "aria-label": label });
  const paper = { x: String(-QUIET), y: String(-QUIET), width: String(side), height: String(side), fill: "#fff" };
  image.append(element("rect", paper), element("path", { d: squares.join(""), "shape-rendering": "crispEdges" }));
  return image;
}

function element(name: string, attributes: Record<string, string>): SVGElement {
  const created = document.createElementNS(SVG, name) as SVGElement;
  Object.entries(attributes).forEach(([attribute, value]) => created.setAttribute(attribute, value));
  return created;
}
