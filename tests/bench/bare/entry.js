// The handler of a bare Worker; tests/bench/run.sh says which.

import { fetch } from "bare";

export default { fetch };
