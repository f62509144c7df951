import { Preferences } from "@cachepact/contracts";
import { badRequest } from "../errors.ts";
import { parseBody, refuseWhatTheContractRefuses } from "../request.ts";

/**
 * The body of `PUT /users/:id/preferences`: the contract's JSON, `user_id` may be absent. What it leaves out is set to
 * the contract's default: a write-behind always carries the full state.
 *
 * @throws {HttpError} 400
 */
export function parsePreferencesPut(userId: number, bytes: Uint8Array | undefined): Preferences {
  const body = parseBody(Preferences, bytes, { given: { user_id: String(userId) } });
  if (body.userId !== userId) {
    throw badRequest("E_BINDING", "user_id is another one than that of the path: send the same, or none", "user_id");
  }
  refuseWhatTheContractRefuses(() => Preferences.check(body));
  return body;
}
