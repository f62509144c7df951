// Runs before vitest in a worker that may not make code from strings. Vite's module runner, which vitest starts although
// modules are loaded by Node itself, measures once how this engine prints a function that it makes from a string.
// Only what it reads is replaced, and only its print is asked for: making code from strings stays forbidden.
const prototype: object = Object.getPrototypeOf(async () => undefined);

function printed(): () => Promise<void> {
  return async function anonymous(): Promise<void> {
    /*code*/
  };
}

Object.defineProperty(prototype, "constructor", { configurable: true, writable: true, value: printed });
