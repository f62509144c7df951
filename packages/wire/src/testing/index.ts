/** For tests and conformance testees: the neutral form of values and keys, apart from every codec. */
export { completeNeutral } from "./complete-neutral.ts";
export { fromNeutral, keyFromNeutral } from "./from-neutral.ts";
export { type Neutral, NeutralFormError, type NeutralMembers } from "./neutral.ts";
export { keyToNeutral, toNeutral } from "./to-neutral.ts";
