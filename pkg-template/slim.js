// @ts-check
// "pixie-auth/slim": the module is a file of its own beside this one, or wherever init says.
import { provide } from "./load.js";

provide(() => new URL("./pixie_auth_bg.wasm", import.meta.url));

export { AuthClient } from "./auth-client.js";
export { init } from "./load.js";
export { AuthError } from "pixie:auth-error";
