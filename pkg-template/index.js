// @ts-check
// "pixie-auth": the module's bytes are in this file, so that no bundler has to be told about them.
import { bytes } from "pixie:embedded/client";
import { provide } from "./load.js";

provide(bytes);

export { AuthClient } from "./auth-client.js";
export { init } from "./load.js";
export { AuthError } from "pixie:auth-error";
