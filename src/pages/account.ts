import { Latchkey, webStorage } from "latchkey-client";
console.log(new Latchkey("", { storage: webStorage(sessionStorage) }));
