import type { Entity } from "@cachepact/wire";
import type { FastifyReply } from "fastify";
import { errorBody, type HttpError, retryAfterSeconds } from "./errors.ts";

const JSON_TYPE = "application/json; charset=utf-8";

/** Sends JSON text as it is: the contract made it canonical, so both services answer with the same bytes. */
export function sendJson(reply: FastifyReply, status: number, json: string): FastifyReply {
  return reply.code(status).type(JSON_TYPE).send(json);
}

/** Sends a value as the contract's JSON. */
export function sendValue<Value extends object>(
  reply: FastifyReply,
  status: number,
  entity: Entity<object, Value>,
  value: Value,
): FastifyReply {
  return sendJson(reply, status, entity.toJson(value));
}

/** Sends an error, with Retry-After where a retry makes sense. */
export function sendError(reply: FastifyReply, error: HttpError): FastifyReply {
  const seconds = retryAfterSeconds(error);
  if (seconds !== undefined) reply.header("retry-after", seconds);
  return sendJson(reply, error.status, errorBody(error));
}
