/**
 * The organisation's cached entities.
 *
 * Each entity is a value type, a key type and a descriptor of one name: `cache.entity(User, …)` takes the descriptor.
 */
export * from "./gen/index.ts";
