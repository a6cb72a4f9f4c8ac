// Holds the package's hand-written types to the design contract, for the members that this release has.
// Compiled, never run; "pixie-auth-contract" is mapped to the contract's file by the test.

import type * as contract from "pixie-auth-contract";
import type * as full from "pixie-auth";
import type * as pkce from "pixie-auth/pkce";

/** Fails to compile unless its argument is `never`; the error names the members that do not fit. */
type None<Misfits extends never> = Misfits;
type Holds<Condition extends true> = Condition;

type Shared<Ours, Theirs> = keyof Ours & keyof Theirs;
/** Members whose type is not one that the contract's readers can handle. */
type ReadMisfits<Ours, Theirs> = {
  [Key in Shared<Ours, Theirs>]: Ours[Key] extends Theirs[Key] ? never : Key;
}[Shared<Ours, Theirs>];
type Method = (...parameters: never[]) => unknown;
/** Methods that do not take what the contract lets a caller pass. */
type ParameterMisfits<Ours, Theirs> = {
  [Key in Shared<Ours, Theirs>]: Theirs[Key] extends Method
    ? Ours[Key] extends Method
      ? Parameters<Theirs[Key]> extends Parameters<Ours[Key]>
        ? never
        : Key
      : Key
    : never;
}[Shared<Ours, Theirs>];
/** A member that is optional here and required there, or the other way round. */
type OptionalityMisfits<Ours, Theirs> = {
  [Key in Shared<Ours, Theirs>]: {} extends Pick<Ours, Key>
    ? {} extends Pick<Theirs, Key>
      ? never
      : Key
    : {} extends Pick<Theirs, Key>
      ? Key
      : never;
}[Shared<Ours, Theirs>];
/** A member that may be written here but not there, or the other way round. */
type Same<Left, Right> = (<T>() => T extends Left ? 1 : 2) extends <T>() => T extends Right ? 1 : 2 ? true : false;
type ReadonlyMisfits<Ours, Theirs> = {
  [Key in Shared<Ours, Theirs>]: Same<Same<Pick<Ours, Key>, Readonly<Pick<Ours, Key>>>, Same<Pick<Theirs, Key>, Readonly<Pick<Theirs, Key>>>> extends true
    ? never
    : Key;
}[Shared<Ours, Theirs>];
type Missing<Ours, Names extends PropertyKey> = Exclude<Names, keyof Ours>;

// ── the entry "pixie-auth/pkce"
type PkceFunctions = "generatePkce" | "codeChallenge" | "verifyPkce" | "randomToken";
export type PkceMissing = None<Missing<typeof pkce, PkceFunctions>>;
export type PkceReads = None<ReadMisfits<Pick<typeof pkce, PkceFunctions>, typeof contract>>;
export type PkceTakes = None<ParameterMisfits<Pick<typeof pkce, PkceFunctions>, typeof contract>>;
export type PkcePair = Holds<Same<pkce.PkcePair, contract.PkcePair>>;

// ── the entry "pixie-auth"
export type FullMissing = None<Missing<typeof full, "init" | "AuthClient" | "AuthError">>;
export type InitTakes = None<Parameters<typeof contract.init> extends Parameters<typeof full.init> ? never : "init">;
export type InitReturns = Holds<Same<ReturnType<typeof full.init>, Promise<void>>>;

type ReleasedMethods =
  | "metadata"
  | "login"
  | "loginPopup"
  | "loginSilent"
  | "createLoginUrl"
  | "handleCallback"
  | "getSession"
  | "getAccessToken"
  | "refresh"
  | "userInfo"
  | "grant"
  | "revoke"
  | "startAutoRefresh"
  | "stopAutoRefresh"
  | "on"
  | "logout"
  | "handleLogoutCallback"
  | "close"
  | typeof Symbol.asyncDispose;
export type ClientMissing = None<Missing<full.AuthClient, ReleasedMethods>>;
export type ClientReads = None<ReadMisfits<full.AuthClient, contract.AuthClient>>;
export type ClientTakes = None<ParameterMisfits<Omit<full.AuthClient, "on">, Omit<contract.AuthClient, "on">>>;
export type CreateTakes = None<OptionalityMisfits<full.AuthClientConfig, contract.AuthClientConfig>>;
export type CreateReturns = Holds<ReturnType<typeof full.AuthClient.create> extends Promise<full.AuthClient> ? true : false>;
/** A client is disposed of by `await using`, and made by create() alone. */
export type ClientIsDisposable = Holds<full.AuthClient extends AsyncDisposable ? true : false>;

export type ConfigMissing = None<
  Missing<
    full.AuthClientConfig,
    | "issuer"
    | "metadata"
    | "clientId"
    | "redirectUri"
    | "postLogoutRedirectUri"
    | "scope"
    | "resource"
    | "storage"
    | "autoRefresh"
    | "clockTolerance"
    | "par"
    | "pkceMethod"
    | "allowInsecure"
  >
>;
/** A value that this release takes must be one that the contract lets a program write. */
export type ConfigReads = None<ReadMisfits<full.AuthClientConfig, contract.AuthClientConfig>>;
export type StorageTakes = Holds<"memory" | "session" | "local" extends NonNullable<full.AuthClientConfig["storage"]> ? true : false>;

export type LoginMissing = None<
  Missing<
    full.LoginOptions,
    "scope" | "prompt" | "loginHint" | "maxAge" | "acrValues" | "uiLocales" | "appState" | "extraParameters"
  >
>;
export type LoginReads = None<ReadMisfits<full.LoginOptions, contract.LoginOptions>>;
export type LoginOptional = None<OptionalityMisfits<full.LoginOptions, contract.LoginOptions>>;

export type SessionMissing = None<Missing<full.Session, keyof contract.Session>>;
export type SessionReads = None<ReadMisfits<full.Session, contract.Session>>;
export type SessionReadonly = None<ReadonlyMisfits<full.Session, contract.Session>>;

export type CallbackMissing = None<Missing<full.CallbackResult, keyof contract.CallbackResult>>;
export type CallbackReads = None<ReadMisfits<full.CallbackResult, contract.CallbackResult>>;

export type EventsMissing = None<Missing<full.AuthEvents, keyof contract.AuthEvents>>;
export type EventsReads = None<ReadMisfits<full.AuthEvents, contract.AuthEvents>>;

export type MetadataReads = None<ReadMisfits<full.ServerMetadata, contract.ServerMetadata>>;

export type ErrorMissing = None<Missing<full.AuthError, keyof contract.AuthError>>;
export type ErrorReads = None<ReadMisfits<full.AuthError, contract.AuthError>>;
export type ErrorReadonly = None<ReadonlyMisfits<Omit<full.AuthError, keyof Error>, Omit<contract.AuthError, keyof Error>>>;
/** Codes may come later; a code that the contract does not know may not. */
export type UnknownCodes = None<Exclude<full.AuthErrorCode, contract.AuthErrorCode>>;
