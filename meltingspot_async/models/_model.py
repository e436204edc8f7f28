"""The base class of the models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from ._converter import unstructure
from ._frozen import JsonObject

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic_core import CoreSchema


def extra_last(_: type, fields: list[attrs.Attribute[Any]]) -> list[attrs.Attribute[Any]]:
    """Move the inherited ``extra`` behind a model's own fields, which keep the order of the documentation."""
    return sorted(fields, key=lambda field: field.name == "extra")


@attrs.frozen(kw_only=True)
class Model:
    """Base class of all models. A model is frozen, and equal models have equal hashes.

    A field that the answer lacks, or that is null, is ``None``. ``dict(model)`` is ``to_dict(model)``.
    """

    extra: Mapping[str, object] = attrs.field(default=JsonObject({}))
    """Fields that the model does not document, by the service's own names, as received. It cannot be changed."""

    def __iter__(self) -> Iterator[tuple[str, object]]:
        return iter(unstructure(self).items())

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """What pydantic, and so FastAPI, asks a class for: how it is checked and written."""
        from ._pydantic import model_schema  # noqa: PLC0415 - only who has pydantic asks

        return model_schema(cls, handler)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, object]:
        """What pydantic asks a class for: how it is described, in OpenAPI for instance."""
        from ._pydantic import model_description  # noqa: PLC0415 - only who has pydantic asks

        return model_description(cls, schema, handler)
