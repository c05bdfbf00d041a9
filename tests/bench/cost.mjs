// What requests cost at Cloudflare's published prices (Workers Paid plan, read in November 2026), beyond what the plan
// includes. https://developers.cloudflare.com/workers/platform/pricing/, https://developers.cloudflare.com/d1/platform/pricing/

const PER_MILLION = { requests: 0.3, cpuMilliseconds: 0.02, rowsRead: 0.001, rowsWritten: 1 }; // US dollars
const PER_GB_MONTH = 0.75;

/** A table, from milliseconds of CPU time and rows for each kind of request, and the bytes of a user and a session. */
export function costs(cpu, billed, bytesPerUser, bytesPerSession) {
  const dollars = (value) => `$${value.toFixed(value < 0.1 ? 3 : 2)}`;
  const milliseconds = (name) => cpu[name] ?? 2 * cpu["GET /api/user"];
  const gigabytes = ((bytesPerUser + bytesPerSession) * 1e6) / 1e9;
  const rows = Object.entries(billed).map(([name, { read, written }]) => {
    const parts = [
      PER_MILLION.requests,
      milliseconds(name) * PER_MILLION.cpuMilliseconds,
      read * PER_MILLION.rowsRead,
      written * PER_MILLION.rowsWritten,
    ];
    const total = parts.reduce((sum, part) => sum + part);
    return `| a million: ${name} | ${milliseconds(name).toFixed(2)} ms | ${[...parts, total].map(dollars).join(" | ")} |`;
  });
  return `| | CPU a request | requests | CPU time | rows read | rows written | together |
| --- | --- | --- | --- | --- | --- | --- |
${rows.join("\n")}

CPU times are those of [benchmark.md](benchmark.md), so of this machine, and have workerd's HTTP server in them; Cloudflare bills its own.
What has two statements and no hash is taken to cost what a \`GET\` does, twice. A session that is used costs one row written a day. A million users
with a session each take ${gigabytes.toFixed(2)} GB: ${dollars(gigabytes * PER_GB_MONTH)} a month. The plan
includes 10 million requests, 30 million milliseconds, 25 billion rows read, 50 million written and 5 GB a month for its $5.`;
}
