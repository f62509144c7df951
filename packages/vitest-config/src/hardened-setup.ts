import { expect } from "vitest";

// A flag that was lost on the way would let every test pass without being what it says.
expect("__proto__" in Object.prototype, "--disable-proto=delete is not on").toBe(false);
const generate = (): unknown => Reflect.construct(Function, ["return 1"]);
expect(generate, "--disallow-code-generation-from-strings is not on").toThrow(EvalError);
