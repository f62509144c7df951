import type { DecodeNotes, Payload } from "../codec.ts";
import { JsonInput } from "./json-input.ts";
import { JsonOutput } from "./json-output.ts";
import type { MemberName } from "./member-name.ts";
import { MsgpackInput } from "./msgpack-input.ts";
import { MsgpackOutput } from "./msgpack-output.ts";
import type { PayloadOutput } from "./payload-output.ts";
import { ProtobufInput } from "./protobuf-input.ts";
import { ProtobufOutput } from "./protobuf-output.ts";

/**
 * One codec of one entity, specialised by the compiler. It vouches or it abstains.
 *
 * `undefined` = abstained: anything out of the ordinary. The interpreter codec decides then, so that verdict, error and
 * value are its own. What is not undefined is exactly what the interpreter gives. No method throws.
 */
export interface GeneratedCodec<Value extends object> {
  encode(value: Value): Payload | undefined;
  /**
   * Lenient; a strict reader encodes the value again and compares.
   *
   * @param notes told when members of a newer writer were passed over
   */
  decode(bytes: Uint8Array, notes?: DecodeNotes): Value | undefined;
}

/** JSON is text as well as bytes. */
export interface GeneratedJsonCodec<Value extends object> extends GeneratedCodec<Value> {
  encodeText(value: Value): string | undefined;
  /** @param text well-formed */
  decodeText(text: string): Value | undefined;
}

/** The specialised codecs of one entity; generated code hands them to `defineEntity`. */
export interface GeneratedCodecs<Value extends object> {
  readonly json: GeneratedJsonCodec<Value>;
  readonly msgpack: GeneratedCodec<Value>;
  readonly protobuf: GeneratedCodec<Value>;
}

/** What the compiler emits for an entity's message: one function that reads and one that writes, for each codec. */
export interface MessageFunctions<Value extends object> {
  readonly readJson: (input: JsonInput) => Value;
  readonly writeJson: (output: JsonOutput, name: MemberName | null, value: Value) => void;
  readonly readMsgpack: (input: MsgpackInput) => Value;
  readonly writeMsgpack: (output: MsgpackOutput, name: MemberName | null, value: Value) => void;
  /** `outer` is the end of the bytes around the message. */
  readonly readProtobuf: (input: ProtobufInput, outer: number) => Value;
  readonly writeProtobuf: (output: ProtobufOutput, tag: number, value: Value) => void;
}

/** The codecs of an entity from the functions of its message. */
export function generatedCodecs<Value extends object>(functions: MessageFunctions<Value>): GeneratedCodecs<Value> {
  return {
    json: new JsonCodec(functions),
    msgpack: new MsgpackCodec(functions),
    protobuf: new ProtobufCodec(functions),
  };
}

// No decoder runs foreign code, so that one input of each kind is never in use twice.
const jsonInput = new JsonInput();
const msgpackInput = new MsgpackInput();
const protobufInput = new ProtobufInput();

/** Outputs that nobody uses: more than one of a kind when a getter of a value encoded another value. */
const jsonOutputs: JsonOutput[] = [];
const msgpackOutputs: MsgpackOutput[] = [];
const protobufOutputs: ProtobufOutput[] = [];

function begun<Output extends PayloadOutput>(output: Output): Output {
  output.begin();
  return output;
}

class JsonCodec<Value extends object> implements GeneratedJsonCodec<Value> {
  readonly #functions: MessageFunctions<Value>;

  constructor(functions: MessageFunctions<Value>) {
    this.#functions = functions;
  }

  encode(value: Value): Payload | undefined {
    const output = begun(jsonOutputs.pop() ?? new JsonOutput());
    try {
      this.#functions.writeJson(output, null, value);
      return output.finish();
    } catch {
      return undefined;
    } finally {
      jsonOutputs.push(output);
    }
  }

  encodeText(value: Value): string | undefined {
    const output = begun(jsonOutputs.pop() ?? new JsonOutput());
    try {
      this.#functions.writeJson(output, null, value);
      return output.finishText();
    } catch {
      return undefined;
    } finally {
      jsonOutputs.push(output);
    }
  }

  decode(bytes: Uint8Array, notes?: DecodeNotes): Value | undefined {
    try {
      jsonInput.open(bytes);
      const value = this.#read();
      if (jsonInput.passedOver && notes !== undefined) notes.unknownMember = true;
      return value;
    } catch {
      return undefined;
    } finally {
      jsonInput.close();
    }
  }

  decodeText(text: string): Value | undefined {
    try {
      jsonInput.openText(text);
      return this.#read();
    } catch {
      return undefined;
    } finally {
      jsonInput.close();
    }
  }

  #read(): Value {
    const value = this.#functions.readJson(jsonInput);
    jsonInput.end();
    return value;
  }
}

class MsgpackCodec<Value extends object> implements GeneratedCodec<Value> {
  readonly #functions: MessageFunctions<Value>;

  constructor(functions: MessageFunctions<Value>) {
    this.#functions = functions;
  }

  encode(value: Value): Payload | undefined {
    const output = begun(msgpackOutputs.pop() ?? new MsgpackOutput());
    try {
      this.#functions.writeMsgpack(output, null, value);
      return output.finish();
    } catch {
      return undefined;
    } finally {
      msgpackOutputs.push(output);
    }
  }

  decode(bytes: Uint8Array, notes?: DecodeNotes): Value | undefined {
    try {
      msgpackInput.open(bytes);
      const first = this.#read();
      const value = msgpackInput.mustReadAgain() ? this.#read() : first;
      if (msgpackInput.passedOver && notes !== undefined) notes.unknownMember = true;
      return value;
    } catch {
      return undefined;
    } finally {
      msgpackInput.close();
    }
  }

  #read(): Value {
    msgpackInput.begin();
    const value = this.#functions.readMsgpack(msgpackInput);
    msgpackInput.end();
    return value;
  }
}

class ProtobufCodec<Value extends object> implements GeneratedCodec<Value> {
  readonly #functions: MessageFunctions<Value>;

  constructor(functions: MessageFunctions<Value>) {
    this.#functions = functions;
  }

  encode(value: Value): Payload | undefined {
    const output = begun(protobufOutputs.pop() ?? new ProtobufOutput());
    try {
      this.#functions.writeProtobuf(output, 0, value);
      return output.finish();
    } catch {
      return undefined;
    } finally {
      protobufOutputs.push(output);
    }
  }

  decode(bytes: Uint8Array, notes?: DecodeNotes): Value | undefined {
    try {
      protobufInput.open(bytes);
      const first = this.#read();
      const value = protobufInput.mustReadAgain() ? this.#read() : first;
      if (protobufInput.passedOver && notes !== undefined) notes.unknownMember = true;
      return value;
    } catch {
      return undefined;
    } finally {
      protobufInput.close();
    }
  }

  #read(): Value {
    return this.#functions.readProtobuf(protobufInput, protobufInput.begin());
  }
}
