// The built Worker, unchanged; where a request asks for it, its D1 binding tells of each statement what D1 would
// bill for it, and SQLite's plan.

import latchkey from "../../build/index.js";

function counted(DB) {
  const counting = (session) => {
    const batch = async (bound) => {
      const results = await session.batch(bound.map(({ sql, params }) => session.prepare(sql).bind(...params)));
      for (const [index, { sql, params }] of bound.entries()) {
        const plan = await DB.prepare(`EXPLAIN QUERY PLAN ${sql}`)
          .bind(...params)
          .all();
        const steps = plan.results.map(({ detail }) => detail);
        const { rows_read: read, rows_written: written } = results[index].meta;
        console.log(JSON.stringify({ sql, read, written, steps }));
      }
      return results;
    };
    const bind = (sql, params) => ({
      sql,
      params,
      async raw() {
        const [{ results }] = await batch([{ sql, params }]);
        return results.map(Object.values);
      },
    });
    const prepare = (sql) => ({ bind: (...params) => bind(sql, params) });
    return { prepare, batch };
  };
  return counting(DB);
}

export default {
  fetch(request, env, context) {
    const isCounted = request.headers.has("X-Count");
    return latchkey.fetch(request, isCounted ? { ...env, DB: counted(env.DB) } : env, context);
  },
};
