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

const COLOURS = ["#2f81c7", "#d1782a", "#4a9d57", "#a55db5"];

/** Lines of names and values, over columns that are equally far apart. */
export function lines(title, columns, series) {
  const [bottom, height] = [300, 240];
  const most = Math.max(...series.flatMap(([, values]) => values));
  const x = (index) => 60 + (index * (WIDTH - LEFT - RIGHT)) / (columns.length - 1);
  const y = (value) => bottom - (height * value) / most;
  // The labels at the ends, from the top, each clear of the one above.
  const ends = series.map(([, values]) => y(values.at(-1)) + 5);
  const labels = [];
  let above = 0;
  for (const row of [...series.keys()].sort((one, other) => ends[one] - ends[other])) {
    labels[row] = above = Math.max(ends[row], above + 18);
  }
  const drawn = series.map(([name, values], row) => {
    const points = values.map((value, index) => `${x(index).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
    return `<polyline points="${points}" fill="none" stroke="${COLOURS[row]}" stroke-width="2.5"/>
<text x="${x(columns.length - 1) + 10}" y="${labels[row].toFixed(1)}" style="fill: ${COLOURS[row]}">${name}, ${values.at(-1).toFixed(2)}</text>`;
  });
  const axis = columns.map(
    (column, index) => `<text x="${x(index).toFixed(1)}" y="${bottom + 22}" text-anchor="middle">${column}</text>`,
  );
  const base = `<line x1="${x(0)}" y1="${bottom}" x2="${x(columns.length - 1)}" y2="${bottom}" stroke="#8b949e"/>`;
  return svg(title, bottom + 36, [base, ...axis, ...drawn].join("\n"));
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
