"""`latam-corpus help TOPIC`: the reference as Markdown, generated from the code, also stored in `docs/reference/`."""

from __future__ import annotations

import dataclasses
import inspect
import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Final, get_type_hints

import typer

from latam_corpus.cli.interface.show import block, console
from latam_corpus.cli.interface.ui_language import spoken
from latam_corpus.errors import ConfigError, closest
from latam_corpus.messages import LANGUAGES, N_, _, translated
from latam_corpus.text.folding import folded

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pydantic import BaseModel

    from latam_corpus.columns.descriptor import Column

Row = tuple[str, str, str, str]
_HEADS: Final = "| key | value | when left out | |\n|---|---|---|---|"
# Topics, with their names in singular and plural.
_TOPICS: Final = (
    ("source", _("source"), _("sources")),
    ("recipe", _("recipe"), _("recipes")),
    ("stages", _("stage"), _("stages")),
    ("columns", _("column"), _("columns")),
    ("formats", _("format"), _("formats")),
    ("errors", _("error"), _("errors")),
    ("commands", _("command"), _("commands")),
)
_NOTE: Final = "Made by `make reference` of the models in the code; don't edit it."


def help_on(
    context: typer.Context,
    topic: Annotated[
        str, typer.Argument(metavar="[TOPIC]", help=N_("source, recipe, stages, columns, formats, errors or commands."))
    ] = "",
    schema: Annotated[
        bool,
        typer.Option(
            "--schema", help=N_("For source and recipe: print the JSON Schema, with which editors check files.")
        ),
    ] = False,
) -> None:
    """Print a topic of the reference, the list of topics, or the JSON Schema of a file."""
    pages: dict[str, Callable[[], str]] = {
        "source": _source_page,
        "recipe": _recipe_page,
        "stages": _stages_page,
        "columns": _columns_page,
        "formats": _formats_page,
        "errors": _errors_page,
        "commands": lambda: _commands_page(context),
    }
    if not topic:
        for name in pages:
            console.print(f"latam-corpus help {_topic_name(name)}")
        return
    topics = {
        folded(word.translate(language)): name for name, *words in _TOPICS for word in words for language in LANGUAGES
    }
    given_topic, topic = topic, topics.get(folded(topic), topic)
    if topic not in pages:
        raise ConfigError(
            "help", _("there is no topic «{name}»", name=given_topic), closest(given_topic, map(_topic_name, pages))
        )
    if schema:
        if topic not in SCHEMAS:
            raise ConfigError("--schema", _("there is no topic «{name}»", name=topic), closest(topic, SCHEMAS))
        console.print(block(schema_text(topic)))
        return
    console.print(block(pages[topic]().rstrip("\n")))


def _topic_name(topic: str) -> str:
    """Return the name of a topic in the user's language."""
    return next(
        topic if spoken() == "en" else words[-1].translate(spoken()) for name, *words in _TOPICS if name == topic
    )


def schema_text(topic: str) -> str:
    """Return the JSON Schema of `source` or `recipe` as text."""
    return json.dumps(SCHEMAS[topic](), indent=1, ensure_ascii=False)


def source_schema() -> dict[str, Any]:
    """Return the JSON Schema of a source's file."""
    from latam_corpus.catalog.source import Source

    return _schema_of(Source)


def recipe_schema() -> dict[str, Any]:
    """Return the JSON Schema of a recipe with the options of every stage; blocks of datatrove accept any options."""
    from latam_corpus.pipeline.planning.recipe import Recipe

    recipe = _schema_of(Recipe)
    block = {"type": "object", "properties": {"use": {"type": "string", "pattern": "^datatrove:"}}, "required": ["use"]}
    recipe["$defs"]["StageEntry"] = {"title": "[[stage]]", "anyOf": [*map(_stage_schema, _stages()), block]}
    return recipe


SCHEMAS: Final[dict[str, Callable[[], dict[str, Any]]]] = {"source": source_schema, "recipe": recipe_schema}


def _schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """Return the JSON Schema of a model, with the description of each key for editors to show."""
    from pydantic.json_schema import GenerateJsonSchema

    class Described(GenerateJsonSchema):
        def model_schema(self, schema: Any) -> dict[str, Any]:
            described: dict[str, Any] = super().model_schema(schema)
            meanings = _meanings(schema["cls"], described.get("properties", ()))
            for key, node in described.get("properties", {}).items():
                node.pop("title", None)  # it only repeats the key
                description = meanings[key] or translated(node.get("description", ""), spoken())
                node.update({"description": description} if description else {})
                _without_null(node)
            described["description"] = (inspect.getdoc(schema["cls"]) or "").partition("\n")[0]
            return described

    return {"$schema": GenerateJsonSchema.schema_dialect} | model.model_json_schema(schema_generator=Described)


def _without_null(node: dict[str, Any]) -> None:
    """Remove null from the types of a key, because TOML has no null."""
    if node.get("default", "") is None:
        del node["default"]
    options = [option for option in node.get("anyOf", ()) if option != {"type": "null"}]
    if len(options) == 1:
        del node["anyOf"]
        node |= options[0]
    elif options:
        node["anyOf"] = options


def _stages() -> dict[str, Any]:
    """Return the toolkit's own stages by key, without those of plug-ins."""
    from latam_corpus.pipeline.planning.registry import STAGES, stage_class

    return {name: stage_class(name, "help") for name in STAGES}


def _stage_schema(name: str) -> dict[str, Any]:
    import pydantic

    kind = _stages()[name]
    hints = get_type_hints(kind)
    properties: dict[str, Any] = {"use": {"const": name}}
    meanings = _meanings(kind, [field.name for field in dataclasses.fields(kind)])
    for field in dataclasses.fields(kind):
        described = pydantic.TypeAdapter(hints[field.name]).json_schema()
        default = {} if field.default is dataclasses.MISSING else {"default": field.default}
        properties[field.name] = described | default | {"description": meanings[field.name]}
        _without_null(properties[field.name])
    return {"type": "object", "properties": properties, "required": ["use"], "additionalProperties": False}


def _source_page() -> str:
    lead = "What a source's file may say ([sources](../sources.md)). `latam-corpus help source --schema` gives editors"
    return _page("Source files", f"{lead} the schema.", _tables(source_schema(), ""))


def _recipe_page() -> str:
    lead = "What a recipe may say ([design](../design.md#recipes)); the options of stages: [stages](stages.md)."
    return _page("Recipes", lead, _tables(recipe_schema(), ""))


def _tables(schema: dict[str, Any], table: str, table_model: dict[str, Any] | None = None) -> Iterator[str]:
    """Yield a section with a table of keys for a model and for each table in it."""
    model = table_model or schema
    below: dict[int, tuple[list[str], dict[str, Any]]] = {}
    rows: list[Row] = []
    required = model.get("required", ())
    for key, node in model.get("properties", {}).items():
        variants = _resolved(node, schema)
        left_out = "needed" if key in required else _shown(node.get("default"))
        inner = next((variant for variant in variants if variant.get("properties")), None)
        if inner and key != "stage":
            below.setdefault(id(inner["properties"]), ([], inner))[0].append(key)
        value = " or ".join(dict.fromkeys(filter(None, map(_value, variants)))) or "a value"
        rows.append((key, value, left_out, node.get("description", "")))
    yield f"\n## `[{table}]`\n\n{model['description']}\n" if table else "\n## The file\n"
    yield _HEADS
    yield from _markdown(rows)
    for keys, inner in below.values():
        name = keys[0] if len(keys) == 1 else "KEY"
        yield from _tables(schema, f"{table}.{name}" if table else name, inner)


def _resolved(node: dict[str, Any], schema: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the schemas of the values that a key may have, with references resolved and without null."""
    if "$ref" in node:
        return _resolved(schema["$defs"][node["$ref"].rpartition("/")[2]], schema)
    options = node.get("anyOf")
    if options:
        return [variant for option in options for variant in _resolved(option, schema)]
    if node.get("type") == "array" and isinstance(node.get("items"), dict):
        inner = _resolved(node["items"], schema)
        return [{**variant, "listed": True} for variant in inner]
    return [] if node.get("type") == "null" else [node]


def _value(node: dict[str, Any]) -> str:
    words = node.get("enum") or ([node["const"]] if "const" in node else [])
    named = ", ".join(f"`{word if isinstance(word, str) else json.dumps(word)}`" for word in words)
    kinds = {
        "string": "text", "integer": "whole number", "number": "number", "boolean": "true or false", "object": "table",
    }  # fmt: skip
    kind = "date" if node.get("format") == "date" else kinds.get(str(node.get("type")), "")
    limits = [f"{sign} {node[key]}" for key, sign in _LIMITS.items() if key in node]
    text = named or " ".join([kind, *limits]).strip()
    return f"list of {text}" if node.get("listed") else text


_LIMITS: Final = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "pattern": "like"}


def _stages_page() -> str:
    lead = "Each stage's options, as they stand beside `use` in a recipe ([design](../design.md#stages-and-recipes))."
    return _page("Stages", lead, (part for name in _stages() for part in _stage_parts(name)))


def _stage_parts(name: str) -> Iterator[str]:
    kind = _stages()[name]
    properties = _stage_schema(name)["properties"]
    yield f"\n## `{name}`\n\n{(inspect.getdoc(kind) or '').splitlines()[0]}\n"
    columns = [("needs", kind.needs), ("gives", kind.gives), ("rewrites", kind.rewrites)]
    yield "\n".join(
        f"It {what} {', '.join(f'`{column}`' for column in sorted(names))}." for what, names in columns if names
    )
    rows = []
    for field in dataclasses.fields(kind):
        node = properties[field.name]
        value = " or ".join(dict.fromkeys(filter(None, map(_value, _resolved(node, {})))))
        rows.append((field.name, value, _shown(node.get("default")), node["description"]))
    if rows:
        yield f"\n{_HEADS.replace('key', 'option', 1)}"
        yield from _markdown(rows)


def _columns_page() -> str:
    from latam_corpus import schema
    from latam_corpus.columns import DOCUMENT, LEDGER
    from latam_corpus.signals import BY_NAME

    def part(title: str, columns: Iterable[Column]) -> Iterator[str]:
        yield f"\n## {title}\n\n| column | type | may be null | |\n|---|---|---|---|"
        yield from _markdown(
            (
                column.name,
                f"`{type(schema.polars_type(column.type)).__name__}`",
                "yes" if column.nullable else "",
                column.meaning.translate(spoken()),
            )
            for column in columns
        )

    signals = ["\n## Signals\n", "; ".join(f"`{name}`" for name in BY_NAME) + "."]
    lead = "The columns of documents, of the ledger and of released rows, and the signals in `signals`."
    released = ["\n## Releases\n", "; ".join(f"`{name}`" for name in schema.RELEASE_SCHEMA) + "."]
    parts = (*part("Documents", DOCUMENT), *part("Ledger", LEDGER))
    return _page("Columns", lead, (*parts, *released, *signals))


def _formats_page() -> str:
    from latam_corpus.formats.registry import FORMATS

    def codes(words: Iterable[str]) -> str:
        return ", ".join(f"`{word}`" for word in words)

    rows = [
        (file_format.name, str(file_format.label), codes(file_format.suffixes), ", ".join(file_format.media_types))
        for file_format in FORMATS
    ]
    lead = (
        "The formats of files that are read. A source's `format` is one of these names, but no archive's; without it,"
        " the first bytes of a file decide, then its suffix."
    )
    table = "\n| format | | suffixes | media types |\n|---|---|---|---|"
    return _page("Formats", lead, (table, *_markdown(rows)))


def _errors_page() -> str:
    from latam_corpus import errors

    classes = [
        error_class
        for error_class in vars(errors).values()
        if inspect.isclass(error_class) and issubclass(error_class, errors.CorpusError)
    ]
    rows = [
        (error_class.__name__, (inspect.getdoc(error_class) or "").splitlines()[0], str(error_class.exit_code), "")
        for error_class in classes
    ]
    lead = "Each error names the place, the problem and the remedy; its class says what happens next."
    table = "\n| class | | exit code | |\n|---|---|---|---|"
    return _page("Errors", lead, (table, *_markdown(rows)))


def _commands_page(context: typer.Context) -> str:
    root: Any = context.find_root().command
    lead = "Every command with its arguments and options; `--help` after any of them says the same."

    def parts() -> Iterator[str]:
        for name in root.commands:
            yield from _command_parts(root.resolve_command(context, [name])[1], name)

    return _page("Commands", lead, parts())


def _command_parts(command: Any, path: str) -> Iterator[str]:
    inner = getattr(command, "commands", {})
    if not inner:
        yield f"\n## `{path}`\n\n{' '.join((command.help or '').split())}\n\n| | | |\n|---|---|---|"
        parameters = [parameter for parameter in command.params if not getattr(parameter, "hidden", False)]
        for parameter in parameters:
            names = (
                ", ".join(f"`{name}`" for name in parameter.opts)
                if parameter.param_type_name == "option"
                else f"`{parameter.name}`"
            )
            default = (
                "needed"
                if parameter.required
                else _shown(parameter.default if isinstance(parameter.default, str | int) else None)
            )
            yield _row(names, default, getattr(parameter, "help", "") or "")
    for name, inner_command in inner.items():
        yield from _command_parts(inner_command, f"{path} {name}")


def _page(title: str, lead: str, parts: Iterable[str]) -> str:
    return "\n".join([f"# {title}", "", f"{lead} {_NOTE}", *parts]) + "\n"


def _markdown(rows: Iterable[Row]) -> Iterator[str]:
    for key, *cells in rows:
        yield _row(f"`{key}`", *cells)


def _row(*cells: str) -> str:
    return "| " + " | ".join(" ".join(cell.replace("|", "\\|").split()) for cell in cells) + " |"


def _shown(value: object) -> str:
    if value in (None, "", (), [], {}) or not isinstance(value, str | int | float | list | tuple):
        return ""
    return f"`{json.dumps(value, ensure_ascii=False)}`"


def _meanings(documented_class: type, names: Iterable[str]) -> dict[str, str]:
    """Return the description of each field, from «Attributes» in the docstrings of a class and its bases."""
    meanings: dict[str, str] = {}
    for base in reversed(documented_class.__mro__):
        meanings |= _attributes(inspect.cleandoc(base.__doc__ or ""))
    return {name: meanings.get(name, "") for name in names}


def _attributes(doc: str) -> dict[str, str]:
    section = doc.partition("Attributes:\n")[2].partition("\n\n")[0]
    entries = re.findall(r"^ {4}(\w+): (.*(?:\n {5,}.*)*)", section, re.MULTILINE)
    return {name: " ".join(text.split()) for name, text in entries}
