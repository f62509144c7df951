import { Preferences, Profile, User } from "@cachepact/contracts";
import type { FastifyDynamicSwaggerOptions } from "@fastify/swagger";
import type { FastifySchema } from "fastify";
import { type JsonSchema, jsonSchema } from "./json-schema.ts";
import { POST_MEMBERS, PUT_MEMBERS } from "./users/user-body.ts";

/** Components of the document, by the name under which routes refer to them. */
export const schemas: readonly ({ $id: string } & JsonSchema)[] = [
  { $id: "User", ...jsonSchema(User.record) },
  { $id: "UserPut", ...jsonSchema(User.record, { required: PUT_MEMBERS }) },
  { $id: "UserPost", ...jsonSchema(User.record, { required: POST_MEMBERS, omit: ["id", "created_at", "version"] }) },
  { $id: "Profile", ...jsonSchema(Profile.record) },
  { $id: "Preferences", ...jsonSchema(Preferences.record) },
  { $id: "PreferencesPut", ...jsonSchema(Preferences.record, { required: [] }) },
  {
    $id: "Error",
    type: "object",
    required: ["error"],
    properties: {
      error: {
        type: "object",
        required: ["code", "message"],
        properties: {
          code: {
            type: "string",
            description: "NOT_FOUND, CONFLICT, UNAVAILABLE, INTERNAL, or an E_ code of cachepact",
          },
          message: { type: "string" },
          field: { type: "string", description: "the member or parameter at fault, by its proto name" },
        },
      },
    },
  },
];

/** Options of @fastify/swagger. */
export const openapi: FastifyDynamicSwaggerOptions = {
  openapi: {
    openapi: "3.1.0",
    info: { title: "user-api", version: "0.1.0", description: "Users, profiles and preferences on a shared cache." },
  },
  refResolver: {
    buildLocalReference: (json, _base, _fragment, index) =>
      typeof json.$id === "string" ? json.$id : `schema-${index}`,
  },
};

const id = {
  type: "object",
  required: ["id"],
  properties: {
    id: {
      type: "integer",
      minimum: Number.MIN_SAFE_INTEGER,
      maximum: Number.MAX_SAFE_INTEGER,
      description: "id of the user",
    },
  },
};

const X_CACHE = {
  type: "string",
  description: "where the answer came from: hit, negative, stale, pending, miss or bypass",
};
const RETRY_AFTER = { type: "string", description: "seconds" };

function answer(name: string, description: string, headers?: Record<string, JsonSchema>): JsonSchema {
  return {
    description,
    ...(headers ? { headers } : {}),
    content: { "application/json": { schema: { $ref: `${name}#` } } },
  };
}

const ERRORS: Readonly<Record<number, JsonSchema>> = {
  400: answer("Error", "an ill-formed id or body; the error names the field"),
  404: answer("Error", "it does not exist"),
  409: answer("Error", "the row has another version than the request expects"),
  413: answer("Error", "the body is larger than 64 KiB"),
  503: answer("Error", "the database, or for a write-behind Redis, does not answer", { "retry-after": RETRY_AFTER }),
};

function errors(...statuses: number[]): Record<number, JsonSchema> {
  return Object.fromEntries(statuses.map((status) => [status, ERRORS[status] as JsonSchema]));
}

function body(name: string): FastifySchema {
  return { body: { content: { "application/json": { schema: { $ref: `${name}#` } } } } };
}

const text = (description: string): JsonSchema => ({
  description,
  content: { "text/plain": { schema: { type: "string" } } },
});
const state = (description: string): JsonSchema => ({
  description,
  content: { "application/json": { schema: { type: "object" } } },
});

type Route =
  | "getUser"
  | "putUser"
  | "postUser"
  | "deleteUser"
  | "getProfile"
  | "getPreferences"
  | "putPreferences"
  | "healthz"
  | "readyz"
  | "metrics";

/** The documentation of each route. It validates nothing: the contract does. */
export const documented: Readonly<Record<Route, FastifySchema>> = {
  getUser: {
    tags: ["users"],
    summary: "Read a user",
    params: id,
    response: { 200: answer("User", "the user", { "x-cache": X_CACHE }), ...errors(400, 404, 503) },
  },
  putUser: {
    tags: ["users"],
    summary: "Replace a user: committed, and in the cache, when this answers",
    description:
      "A version other than 0 is the one that the row must have, else 409. id and created_at may be left out.",
    params: id,
    ...body("UserPut"),
    response: { 200: answer("User", "the committed user"), ...errors(400, 404, 409, 413, 503) },
  },
  postUser: {
    tags: ["users"],
    summary: "Add a user",
    ...body("UserPost"),
    response: { 201: answer("User", "the new user", { location: { type: "string" } }), ...errors(400, 413, 503) },
  },
  deleteUser: {
    tags: ["users"],
    summary: "Delete a user with its preferences",
    params: id,
    response: { 204: { description: "deleted", type: "null" }, ...errors(400, 404, 503) },
  },
  getProfile: {
    tags: ["profiles"],
    summary: "Read the public face of a user",
    params: id,
    response: { 200: answer("Profile", "the profile", { "x-cache": X_CACHE }), ...errors(400, 404, 503) },
  },
  getPreferences: {
    tags: ["preferences"],
    summary: "Read the preferences of a user",
    description: "404 as well when the user exists and nothing was set.",
    params: id,
    response: { 200: answer("Preferences", "the preferences", { "x-cache": X_CACHE }), ...errors(400, 404, 503) },
  },
  putPreferences: {
    tags: ["preferences"],
    summary: "Set the preferences of a user: accepted by Redis, in the database moments later",
    description: "What the body leaves out is set to its default. user_id may be left out.",
    params: id,
    ...body("PreferencesPut"),
    response: {
      202: answer("Preferences", "the accepted preferences", {
        "x-cachepact-version": { type: "string", description: "version of the accepted write" },
      }),
      ...errors(400, 404, 413, 503),
    },
  },
  healthz: { tags: ["operations"], summary: "The process lives", response: { 200: state("it does") } },
  readyz: {
    tags: ["operations"],
    summary: "Postgres answers; the state of Redis is reported, not required",
    response: { 200: state("ready"), 503: state("Postgres does not answer") },
  },
  metrics: {
    tags: ["operations"],
    summary: "Prometheus metrics",
    response: { 200: text("the text format of Prometheus") },
  },
};
