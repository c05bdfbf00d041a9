// The built Worker, unchanged, on a D1 binding that tells which copy of the database each statement may go to; and what
// calls it tells when it has the answer, and sends that when all is done.

import latchkey from "../../build/index.js";

export default {
  async fetch(request, { DB, ...env }) {
    const told = {
      withSession(constraint) {
        console.log(`copy: ${constraint}`);
        return DB.withSession(constraint);
      },
      prepare(sql) {
        console.log("copy: no session");
        return DB.prepare(sql);
      },
      batch: (statements) => DB.batch(statements),
    };
    const deferred = [];
    const noting = { waitUntil: (work) => deferred.push(work) };
    const answer = await latchkey.fetch(request, { ...env, DB: told }, noting);
    console.log("copy: none, answered");
    await Promise.all(deferred);
    return answer;
  },
};
