// The built Worker, unchanged, on a D1 binding that tells which copy of the database each statement may go to.

import latchkey from "../../build/index.js";

export default {
  fetch(request, { DB, ...env }, context) {
    const told = {
      withSession(constraint) {
        console.log(`copy: ${constraint}`);
        return DB.withSession(constraint);
      },
    };
    return latchkey.fetch(request, { ...env, DB: told }, context);
  },
};
