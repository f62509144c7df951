import fc from "fast-check";

/** Text in neutral form: as it is, or a unit and how often it is repeated. */
export type NeutralText = string | { readonly repeat: string; readonly times: number };

/** Where orders, escapes, names and lengths of text differ between languages and codecs. */
export const EDGE_TEXTS: readonly string[] = [
  "",
  "a",
  "ab",
  "abc",
  "b",
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "0",
  "1",
  "9",
  "10",
  "01",
  "-1",
  "4294967294",
  "4294967295",
  "9007199254740993",
  // Above the surrogates in UTF-8 order, below them in UTF-16 order: the two orders of map keys part here.
  "\u{1F600}",
  "\u{10FFFF}",
  "\u{10000}",
  "\uE000",
  "\uFB33",
  "\uFFFD",
  "\uFFFF",
  "\uD7FF",
  // Ends of lines to JavaScript and to Python's splitlines, not to JSON.
  "\u2028",
  "\u2029",
  "\u0085",
  "\uFEFF",
  "\u0000",
  "\u001F",
  "\u007F",
  "\u0080",
  "\u07FF",
  "\u0800",
  '"\\/\b\f\n\r\t',
  "é",
  "e\u0301",
  "null",
  "true",
  "2023-11-14T22:13:20Z",
];

/** Lengths in bytes at which a length takes another form in MessagePack (31, 255, 65535) or Protobuf (127, 16383). */
const EDGE_LENGTHS = [15, 16, 31, 32, 127, 128, 255, 256];

const edgeLength: fc.Arbitrary<NeutralText> = fc
  .tuple(fc.constantFrom(...EDGE_LENGTHS), fc.constantFrom("x", "é", "\u2028", "\u{1F600}"))
  .map(([bytes, unit]) => {
    const each = Buffer.byteLength(unit);
    // The rest is ASCII, so that the bytes come out exactly.
    return unit.repeat(Math.floor(bytes / each)) + "x".repeat(bytes % each);
  });

const longText: fc.Arbitrary<NeutralText> = fc
  .constantFrom(16_383, 16_384, 65_535, 65_536)
  .map((times) => ({ repeat: "x", times }));

const joined = fc
  .array(fc.constantFrom(...EDGE_TEXTS, "x", " ", "\u4E2D"), { maxLength: 4 })
  .map((all) => all.join(""));

/** Well-formed text for a field. Long ones are rare: they cost time and add little. */
export const neutralText: fc.Arbitrary<NeutralText> = fc.oneof(
  { weight: 120, arbitrary: fc.constantFrom<NeutralText>(...EDGE_TEXTS) },
  { weight: 80, arbitrary: joined },
  { weight: 60, arbitrary: fc.string({ unit: "binary", maxLength: 12 }) },
  { weight: 40, arbitrary: fc.string({ maxLength: 12 }) },
  { weight: 20, arbitrary: edgeLength },
  { weight: 1, arbitrary: longText },
);

/** Keys of one map: all different; often prefixes of each other, which not every sort puts in one order. */
export const neutralKeys: fc.Arbitrary<readonly string[]> = fc.oneof(
  { weight: 5, arbitrary: fc.uniqueArray(fc.constantFrom(...EDGE_TEXTS), { maxLength: 6 }) },
  { weight: 3, arbitrary: fc.uniqueArray(joined, { maxLength: 5 }) },
  { weight: 2, arbitrary: fc.uniqueArray(fc.string({ unit: "binary", maxLength: 6 }), { maxLength: 5 }) },
  {
    weight: 2,
    arbitrary: fc.tuple(joined, fc.integer({ min: 1, max: 4 })).map(([stem, count]) => family(stem, count)),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(15, 16, 17).map((count) => Array.from({ length: count }, (_, at) => `k${at}`)),
  },
);

/** A stem and what it is a prefix of, not in order. */
function family(stem: string, count: number): string[] {
  const longer = Array.from({ length: count }, (_, at) => stem + "a".repeat(count - at));
  return [...longer, stem, `${stem}\u0000`];
}

/** Text with half of a surrogate pair, which no codec writes. */
export const illFormedText: fc.Arbitrary<{ readonly utf16: string }> = fc.constantFrom(
  { utf16: "d800" },
  { utf16: "dc00" },
  { utf16: "dfff0061" },
  { utf16: "0061d83d" },
  // The halves of a pair the wrong way round.
  { utf16: "de00d83d" },
  { utf16: "d83dd83dde00" },
);
