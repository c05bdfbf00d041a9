// Charts as SVG that reads on light and dark pages.

const WIDTH = 720;
const LEFT = 170;
const RIGHT = 90;
const STEP = 34;

/** Horizontal bars of names and values. `null` begins a group, which has a scale of its own. */
export function bars(title, rows) {
  const groups = [[]];
  for (const row of rows) {
    row ? groups.at(-1).push(row) : groups.push([]);
  }
  let y = 44;
  const drawn = groups.map((group) => {
    const most = Math.max(...group.map(([, value]) => value));
    const lines = group.map(([name, value]) => {
      const width = ((WIDTH - LEFT - RIGHT) * value) / most;
      const line = `<text x="${LEFT - 10}" y="${y + 15}" text-anchor="end">${name}</text>
<rect x="${LEFT}" y="${y}" width="${width.toFixed(1)}" height="20" rx="3"/>
<text x="${LEFT + width + 8}" y="${y + 15}">${value < 10 ? value.toFixed(3) : value.toFixed(1)}</text>`;
      y += STEP;
      return line;
    });
    y += 14;
    return lines.join("\n");
  });
  return svg(title, y, drawn.join("\n"));
}

function svg(title, height, content) {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${title}">
<style>
text { font: 14px system-ui, sans-serif; fill: #57606a }
.title { font-weight: 600 }
rect { fill: #2f81c7 }
@media (prefers-color-scheme: dark) { text { fill: #9da7b3 } rect { fill: #58a6e8 } }
</style>
<text class="title" x="${LEFT}" y="24">${title}</text>
${content}
</svg>
`;
}
