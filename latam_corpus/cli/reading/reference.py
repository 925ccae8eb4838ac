"""`latam-corpus help TOPIC`: the reference as Markdown, generated from the code and stored in `docs/reference/`."""

from __future__ import annotations

import dataclasses
import inspect
import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, get_type_hints

import pydantic
import typer
from pydantic.json_schema import GenerateJsonSchema

from latam_corpus import errors, schema
from latam_corpus.catalog.source import Source
from latam_corpus.cli.interface.show import block, console
from latam_corpus.cli.interface.ui_language import spoken
from latam_corpus.columns import DOCUMENT, LEDGER
from latam_corpus.errors import ConfigError, closest
from latam_corpus.formats.registry import FORMATS
from latam_corpus.messages import LANGUAGES, Message, _, same, translated
from latam_corpus.pipeline.planning.recipe import Recipe
from latam_corpus.pipeline.planning.registry import STAGES, stage_class
from latam_corpus.signals import BY_NAME
from latam_corpus.text.folding import folded

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pydantic import BaseModel

    from latam_corpus.columns.descriptor import Column

Row = tuple[str, str, str, str]
# The topics, each with its name in singular and plural.
_TOPICS: Final = (
    ("source", _("source"), _("sources")),
    ("recipe", _("recipe"), _("recipes")),
    ("stages", _("stage"), _("stages")),
    ("columns", _("column"), _("columns")),
    ("formats", _("format"), _("formats")),
    ("errors", _("error"), _("errors")),
    ("commands", _("command"), _("commands")),
)
_NOTE: Final = _("`make reference` generates this page from the models in the code; don't edit it.")


def print_topic(context: typer.Context, topic: str, *, as_schema: bool) -> None:
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
    if as_schema:
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
    return _schema_of(Source)


def recipe_schema() -> dict[str, Any]:
    """Return the JSON Schema of a recipe with the options of every stage; blocks of datatrove accept any options."""
    recipe = _schema_of(Recipe)
    block = {"type": "object", "properties": {"use": {"type": "string", "pattern": "^datatrove:"}}, "required": ["use"]}
    recipe["$defs"]["StageEntry"] = {"title": "[[stage]]", "anyOf": [*map(_stage_schema, _stages()), block]}
    return recipe


SCHEMAS: Final[dict[str, Callable[[], dict[str, Any]]]] = {"source": source_schema, "recipe": recipe_schema}


def _schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """Return the JSON Schema of a model, with the description of each key for editors to show."""

    class Described(GenerateJsonSchema):
        def model_schema(self, schema: Any) -> dict[str, Any]:
            described: dict[str, Any] = super().model_schema(schema)
            meanings = _meanings(schema["cls"], described.get("properties", ()))
            for key, node in described.get("properties", {}).items():
                node.pop("title", None)  # the title only repeats the key
                description = meanings[key] or translated(node.get("description", ""), spoken())
                node.update({"description": description} if description else {})
                _without_null(node)
            described["description"] = _first_sentence(schema["cls"])
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
    """Return the toolkit's stages by key, without stages of plug-ins."""
    return {name: stage_class(name, "help") for name in STAGES}


def _stage_schema(name: str) -> dict[str, Any]:
    kind = _stages()[name]
    hints = get_type_hints(kind)
    properties: dict[str, Any] = {"use": {"const": name}}
    meanings = _meanings(kind, [field.name for field in dataclasses.fields(kind)])
    for field in dataclasses.fields(kind):
        described = pydantic.TypeAdapter(hints[field.name]).json_schema()
        default = {} if field.default is dataclasses.MISSING else {"default": field.default}
        properties[field.name] = described | default | {"description": meanings[field.name]}
        _without_null(properties[field.name])
    description = {"description": _first_sentence(kind)}
    return description | {
        "type": "object",
        "properties": properties,
        "required": ["use"],
        "additionalProperties": False,
    }


def _source_page() -> str:
    lead = _(
        "The keys of a source file ([sources](../sources.md)). `latam-corpus help source --schema` prints the schema"
        " for editors."
    )
    return _page(_("Source files"), lead, _tables(source_schema(), ""))


def _recipe_page() -> str:
    lead = _("The keys of a recipe ([design](../design.md#recipes)). The options of stages are in [stages](stages.md).")
    return _page(_("Recipes"), lead, _tables(recipe_schema(), ""))


def _tables(schema: dict[str, Any], table: str, table_model: dict[str, Any] | None = None) -> Iterator[str]:
    """Yield a section with a table of keys for a model, and for each table in it."""
    model = table_model or schema
    below: dict[int, tuple[list[str], dict[str, Any]]] = {}
    rows: list[Row] = []
    required = model.get("required", ())
    for key, node in model.get("properties", {}).items():
        variants = _resolved(node, schema)
        left_out = _spoken(_("needed")) if key in required else _shown(node.get("default"))
        inner = next((variant for variant in variants if variant.get("properties")), None)
        if inner and key != "stage":
            below.setdefault(id(inner["properties"]), ([], inner))[0].append(key)
        value = _any_of(map(_value, variants)) or _spoken(_("a value"))
        rows.append((key, value, left_out, node.get("description", "")))
    whole_file = _("The file")
    yield f"\n## `[{table}]`\n\n{model['description']}\n" if table else f"\n## {_spoken(whole_file)}\n"
    yield _heads(_("key"), _("value"), _("when left out"), "")
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
    allowed = ", ".join(f"`{word if isinstance(word, str) else json.dumps(word)}`" for word in words)
    kind = _KINDS.get("date" if node.get("format") == "date" else str(node.get("type")))
    limits = [f"{_spoken(sign)} {node[key]}" for key, sign in _LIMITS.items() if key in node]
    text = allowed or " ".join([_spoken(kind) if kind else "", *limits]).strip()
    return _spoken(_("list of {values}", values=text)) if node.get("listed") else text


def _any_of(values: Iterable[str]) -> str:
    alternative = _("or")
    return f" {_spoken(alternative)} ".join(dict.fromkeys(filter(None, values)))


_KINDS: Final = {
    "string": _("text"),
    "integer": _("whole number"),
    "number": _("number"),
    "boolean": _("true or false"),
    "object": _("table"),
    "date": _("date"),
}
_LIMITS: Final = {"minimum": same("≥"), "exclusiveMinimum": same(">"), "maximum": same("≤"), "pattern": _("like")}


def _stages_page() -> str:
    lead = _(
        "The options of each stage, written next to `use` in a recipe ([design](../design.md#stages-and-recipes))."
    )
    return _page(_("Stages"), lead, (part for name in _stages() for part in _stage_parts(name)))


def _stage_parts(name: str) -> Iterator[str]:
    kind = _stages()[name]
    properties = _stage_schema(name)["properties"]
    yield f"\n## `{name}`\n\n{_first_sentence(kind)}\n"
    columns = [
        (_("It needs {columns}."), kind.needs),
        (_("It gives {columns}."), kind.gives),
        (_("It rewrites {columns}."), kind.rewrites),
    ]
    yield "\n".join(_spoken(text.fill(columns=_codes(sorted(names)))) for text, names in columns if names)
    rows = []
    for field in dataclasses.fields(kind):
        node = properties[field.name]
        value = _any_of(map(_value, _resolved(node, {})))
        rows.append((field.name, value, _shown(node.get("default")), node["description"]))
    if rows:
        yield "\n" + _heads(_("option"), _("value"), _("when left out"), "")
        yield from _markdown(rows)


def _columns_page() -> str:
    def part(title: Message, columns: Iterable[Column]) -> Iterator[str]:
        heads = _heads(_("column"), _("type"), _("may be null"), "")
        yield f"\n## {_spoken(title)}\n\n{heads}"
        yield from _markdown(
            (
                column.name,
                f"`{type(schema.polars_type(column.type)).__name__}`",
                _spoken(_("yes")) if column.nullable else "",
                _spoken(column.meaning),
            )
            for column in columns
        )

    signals = ["\n## " + _spoken(_("Signals")), "", "; ".join(f"`{name}`" for name in BY_NAME) + "."]
    lead = _("The columns of documents, of the ledger and of released rows, and the signals in `signals`.")
    released = ["\n## " + _spoken(_("Releases")), "", "; ".join(f"`{name}`" for name in schema.RELEASE_SCHEMA) + "."]
    parts = (*part(_("Documents"), DOCUMENT), *part(_("Ledger"), LEDGER))
    return _page(_("Columns"), lead, (*parts, *released, *signals))


def _formats_page() -> str:
    rows = [
        (file_format.name, _spoken(file_format.label), _codes(file_format.suffixes), ", ".join(file_format.media_types))
        for file_format in FORMATS
    ]
    lead = _(
        "The formats of files that are read. A source's `format` is one of these names, except those of "
        "archives; without it, the first bytes of a file decide, then its suffix."
    )
    table = "\n" + _heads(_("format"), "", _("suffixes"), _("media types"))
    return _page(_("Formats"), lead, (table, *_markdown(rows)))


def _errors_page() -> str:
    classes = [
        error_class
        for error_class in vars(errors).values()
        if inspect.isclass(error_class) and issubclass(error_class, errors.CorpusError)
    ]
    rows = [
        (error_class.__name__, _first_sentence(error_class), str(error_class.exit_code), "") for error_class in classes
    ]
    lead = _("Each error names the place, the problem and the remedy; its class says what happens next.")
    table = "\n" + _heads(_("class"), "", _("exit code"), "")
    return _page(_("Errors"), lead, (table, *_markdown(rows)))


def _commands_page(context: typer.Context) -> str:
    root: Any = context.find_root().command
    lead = _("Every command with its arguments and options; `--help` after any of them shows the same text.")

    def parts() -> Iterator[str]:
        for name in root.commands:
            yield from _command_parts(root.resolve_command(context, [name])[1], name)

    return _page(_("Commands"), lead, parts())


def _command_parts(command: Any, path: str) -> Iterator[str]:
    inner = getattr(command, "commands", {})
    if not inner:
        yield f"\n## `{path}`\n\n{' '.join((command.help or '').split())}\n\n| | | |\n|---|---|---|"
        parameters = [parameter for parameter in command.params if not getattr(parameter, "hidden", False)]
        for parameter in parameters:
            names = _codes(parameter.opts if parameter.param_type_name == "option" else [parameter.name])
            default = (
                _spoken(_("needed"))
                if parameter.required
                else _shown(parameter.default if isinstance(parameter.default, str | int) else None)
            )
            yield _row(names, default, getattr(parameter, "help", "") or "")
    for name, inner_command in inner.items():
        yield from _command_parts(inner_command, f"{path} {name}")


def _page(title: Message, lead: Message, parts: Iterable[str]) -> str:
    return "\n".join([f"# {_spoken(title)}", "", f"{_spoken(lead)} {_spoken(_NOTE)}", *parts]) + "\n"


def _spoken(message: Message) -> str:
    return message.translate(spoken())


def _heads(*names: Message | str) -> str:
    """Return the header of a table."""
    heads = " | ".join(_spoken(same(name)) for name in names)
    return f"| {heads} |\n|{'---|' * len(names)}".replace("|  |", "| |")


def _codes(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _markdown(rows: Iterable[Row]) -> Iterator[str]:
    for key, *cells in rows:
        yield _row(f"`{key}`", *cells)


def _row(*cells: str) -> str:
    return "| " + " | ".join(" ".join(cell.replace("|", "\\|").split()) for cell in cells) + " |"


def _shown(value: object) -> str:
    if value in (None, "", (), [], {}) or not isinstance(value, str | int | float | list | tuple):
        return ""
    return f"`{json.dumps(value, ensure_ascii=False)}`"


def _first_sentence(documented_class: type) -> str:
    """Return the first line of a class's docstring in the user's language."""
    return translated((inspect.getdoc(documented_class) or "").partition("\n")[0], spoken())


def _meanings(documented_class: type, names: Iterable[str]) -> dict[str, str]:
    """Return the description of each field in the user's language, from the docstrings of a class and its bases."""
    meanings: dict[str, str] = {}
    for base in reversed(documented_class.__mro__):
        meanings |= _attributes(inspect.cleandoc(base.__doc__ or ""))
    return {name: translated(meanings.get(name, ""), spoken()) for name in names}


def _attributes(doc: str) -> dict[str, str]:
    r"""Return the description of each attribute, from the section «Attributes» of a class's docstring.

    >>> _attributes("The terms.\n\nAttributes:\n    expires: the last day\n        of the permission.\n")
    {'expires': 'the last day of the permission.'}
    """
    section = doc.partition("Attributes:\n")[2].partition("\n\n")[0]
    entries = re.findall(r"^ {4}(\w+): (.*(?:\n {5,}.*)*)", section, re.MULTILINE)
    return {name: " ".join(text.split()) for name, text in entries}
