// The handler of a bare Worker; scripts/bench.sh says which.

import { fetch } from "bare";

export default { fetch };
