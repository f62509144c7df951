import type { DescEnum, DescEnumValue, DescField, DescFile, DescMessage } from "@bufbuild/protobuf";
import type { SourceCodeInfo_Location } from "@bufbuild/protobuf/wkt";

type Commented = DescEnum | DescEnumValue | DescField | DescMessage;

// Field numbers of FileDescriptorProto, DescriptorProto and EnumDescriptorProto: the path of a source location.
const FILE_MESSAGE = 4;
const FILE_ENUM = 5;
const MESSAGE_FIELD = 2;
const MESSAGE_MESSAGE = 3;
const MESSAGE_ENUM = 4;
const ENUM_VALUE = 2;

/** All but tab and line feed: Python refuses a NUL in its source, and nobody means the others. */
const CONTROLS = /(?![\t\n])\p{Cc}/gu;

const locationsOfFile = new WeakMap<DescFile, ReadonlyMap<string, SourceCodeInfo_Location>>();

/** The line of a declaration, from 1; 1 when the descriptor carries no source information. */
export function lineOf(desc: Commented | DescFile): number {
  if (desc.kind === "file") return 1;
  return (location(desc)?.span[0] ?? 0) + 1;
}

/** The lines of the comment above a declaration, else of the one behind it, without markers; none = an empty list. */
export function commentOf(desc: Commented): readonly string[] {
  const found = location(desc);
  const text = found?.leadingComments || found?.trailingComments || "";
  const lines = text
    .replaceAll(CONTROLS, "")
    .split("\n")
    .map((line) => line.replace(/^ /, "").trimEnd());
  while (lines.at(-1) === "") lines.pop();
  while (lines[0] === "") lines.shift();
  return lines;
}

/** The import path of a declaration's file, such as `users/v1/user.proto`. */
export function protoPathOf(desc: Commented | DescFile): string {
  return `${fileOf(desc).name}.proto`;
}

export function fileOf(desc: Commented | DescFile): DescFile {
  if (desc.kind === "file") return desc;
  if (desc.kind === "field") return desc.parent.file;
  return desc.kind === "enum_value" ? desc.parent.file : desc.file;
}

function location(desc: Commented): SourceCodeInfo_Location | undefined {
  const file = fileOf(desc);
  let locations = locationsOfFile.get(file);
  if (locations === undefined) {
    locations = new Map(file.proto.sourceCodeInfo?.location.map((each) => [each.path.join("."), each]));
    locationsOfFile.set(file, locations);
  }
  return locations.get(sourcePath(desc).join("."));
}

function sourcePath(desc: Commented): number[] {
  switch (desc.kind) {
    case "message":
      return desc.parent === undefined
        ? [FILE_MESSAGE, desc.file.proto.messageType.indexOf(desc.proto)]
        : [...sourcePath(desc.parent), MESSAGE_MESSAGE, desc.parent.proto.nestedType.indexOf(desc.proto)];
    case "enum":
      return desc.parent === undefined
        ? [FILE_ENUM, desc.file.proto.enumType.indexOf(desc.proto)]
        : [...sourcePath(desc.parent), MESSAGE_ENUM, desc.parent.proto.enumType.indexOf(desc.proto)];
    case "field":
      return [...sourcePath(desc.parent), MESSAGE_FIELD, desc.parent.proto.field.indexOf(desc.proto)];
    default:
      return [...sourcePath(desc.parent), ENUM_VALUE, desc.parent.proto.value.indexOf(desc.proto)];
  }
}
