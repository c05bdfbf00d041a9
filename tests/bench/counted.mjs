// The built Worker, unchanged; where a request asks for it, its D1 binding tells of each statement what D1 would
// bill for it, and SQLite's plan. Such a request is answered when its deferred work is done.

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
  async fetch(request, env, context) {
    if (!request.headers.has("X-Count")) {
      return latchkey.fetch(request, env, context);
    }
    const deferred = [];
    const response = await latchkey.fetch(
      request,
      { ...env, DB: counted(env.DB) },
      { waitUntil: (work) => deferred.push(work) },
    );
    await Promise.all(deferred);
    return response;
  },

  scheduled: (controller, env, context) => latchkey.scheduled(controller, { ...env, DB: counted(env.DB) }, context),
};
