import { CachepactError } from "./errors.ts";

const NAMESPACE = /^[a-z][a-z0-9._-]{0,39}$/;

/**
 * Checks the prefix that separates deployments on one Redis; the empty string is none.
 *
 * @throws {CachepactError} E_OPTION
 */
export function checkNamespace(namespace: string): void {
  if (namespace === "" || NAMESPACE.test(namespace)) return;
  throw new CachepactError(
    "E_OPTION",
    "check the namespace: found text that is none; use up to 40 of a-z, 0-9, '.', '_', '-', beginning with a letter",
  );
}

/** What stands before the entity's name in every key: the namespace and a colon, or nothing. */
export function keyPrefix(namespace: string): string {
  checkNamespace(namespace);
  return namespace === "" ? "" : `${namespace}:`;
}

/** The Pub/Sub channels of a namespace. */
export interface Channels {
  /** Invalidations for in-process caches: message = key, NUL, version. */
  readonly l1: string;
  /** Wake-ups of those that wait for a load: message = key. */
  readonly wake: string;
}

/** @throws {CachepactError} E_OPTION */
export function channels(namespace: string): Channels {
  const prefix = keyPrefix(namespace);
  return { l1: `${prefix}@l1`, wake: `${prefix}@wake` };
}
