"""The Protobuf message of the peers: the fields and numbers of `peers/user.proto`, built without protoc."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor_pb2 import FieldDescriptorProto as Field

if TYPE_CHECKING:
    from google.protobuf.message import Message

_ORDER = (
    ("order_id", Field.TYPE_STRING),
    ("sku", Field.TYPE_STRING),
    ("qty", Field.TYPE_INT32),
    ("price_cents", Field.TYPE_INT64),
    ("placed_at", Field.TYPE_STRING),
    ("note", Field.TYPE_STRING),
    ("gift", Field.TYPE_BOOL),
)


def user_message() -> type[Message]:
    """Give the class of a user's message; it is as fast as generated code, which makes its classes the same way."""
    file = descriptor_pb2.FileDescriptorProto(name="bench/peers.proto", package="bench", syntax="proto3")
    order = file.message_type.add(name="Order")
    for number, (name, kind) in enumerate(_ORDER, 1):
        order.field.add(name=name, number=number, type=kind, label=Field.LABEL_OPTIONAL)
    user = file.message_type.add(name="User")
    for number, name, kind in ((1, "id", Field.TYPE_INT64), (7, "balance", Field.TYPE_INT64)):
        user.field.add(name=name, number=number, type=kind, label=Field.LABEL_OPTIONAL)
    for number, name in ((2, "email"), (3, "name"), (4, "created_at")):
        user.field.add(name=name, number=number, type=Field.TYPE_STRING, label=Field.LABEL_OPTIONAL)
    user.field.add(name="roles", number=5, type=Field.TYPE_STRING, label=Field.LABEL_REPEATED)
    repeated: Any = {"type": Field.TYPE_MESSAGE, "label": Field.LABEL_REPEATED}
    user.field.add(name="preferences", number=6, type_name=".bench.User.PreferencesEntry", **repeated)
    user.field.add(name="orders", number=8, type_name=".bench.Order", **repeated)
    entry = user.nested_type.add(name="PreferencesEntry")
    entry.options.map_entry = True
    for number, name in ((1, "key"), (2, "value")):
        entry.field.add(name=name, number=number, type=Field.TYPE_STRING, label=Field.LABEL_OPTIONAL)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("bench.User"))
