from __future__ import annotations

import pytest
from cachepact import CachepactError, Entity
from fixtures import golden, golden_lock


def test_id_is_the_one_under_which_the_worker_stores_a_row() -> None:
    setting = golden("setting")
    assert setting.id_of(setting.key_type(user_id=7, name="a:b")) == "7:a%3Ab"
    with pytest.raises(CachepactError) as caught:
        setting.id_of(setting.key_type(user_id="7", name="a"))
    assert caught.value.code == "E_TYPE"


@pytest.mark.parametrize("name", sorted(golden_lock()["entities"]))
def test_record_of_a_lock_is_enough_for_an_entity(name: str) -> None:
    entity = Entity.from_record(golden_lock()["entities"][name])
    assert entity.record.entity == name
    required = {field.attribute for field in entity.schema.fields if field.required}
    assert set(entity.value_type.__struct_fields__) == {field.attribute for field in entity.schema.fields}
    assert repr(entity) == f"Entity({name}@{entity.record.generation})"
    if not required:
        value = entity.value_type()
        assert entity.from_json(entity.to_json(value)) == value


def test_of_two_names_for_one_number_the_first_in_name_order_is_written() -> None:
    lock = golden_lock()["entities"]["user-by-name"]
    values = {"Z": 0, "A": 1, "B": 1}
    field = {"name": "name", "number": 1, "presence": "implicit", "type": {"enum": "x.E", "values": values}}
    entity = Entity.from_record({**lock, "schema": {**lock["schema"], "fields": [field]}})
    assert entity.to_json(entity.value_type(name=1)) == '{"name":"A"}'
    assert entity.from_json('{"name":"B"}') == entity.from_json('{"name":1}')
