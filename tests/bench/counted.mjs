// The built Worker, unchanged; where a request asks for it, its D1 binding tells of each statement what D1 would
// bill for it, and SQLite's plan.

import latchkey from "../../build/index.js";

function counted(DB) {
  const withSession = (constraint) => {
    const session = DB.withSession(constraint);
    const bind = (sql, params) => ({
      async raw() {
        const plan = await DB.prepare(`EXPLAIN QUERY PLAN ${sql}`).bind(...params).all();
        const { results, meta } = await session.prepare(sql).bind(...params).all();
        const steps = plan.results.map(({ detail }) => detail);
        console.log(JSON.stringify({ sql, read: meta.rows_read, written: meta.rows_written, steps }));
        return results.map(Object.values);
      },
    });
    return { prepare: (sql) => ({ bind: (...params) => bind(sql, params) }), getBookmark: () => session.getBookmark() };
  };
  return { withSession };
}

export default {
  fetch(request, env, context) {
    const isCounted = request.headers.has("X-Count");
    return latchkey.fetch(request, isCounted ? { ...env, DB: counted(env.DB) } : env, context);
  },
};
