"""Forms about files, the catalogue and the source of a collection."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from latam_corpus.catalog.display_names import COUNTRIES, GENRES, IN_COPYRIGHT, LICENCES, language_name
from latam_corpus.catalog.rights import tier_of, uses_under
from latam_corpus.codes import declared_tag, groups
from latam_corpus.desk.answers import AnswerError, languages
from latam_corpus.vocabulary import USES
from latam_corpus.web.access.middleware import core_language
from latam_corpus.web.files.catalogue import COLUMNS, COLUMNS_OF_TERMS, catalogue_of
from latam_corpus.web.forms import VersionedForm
from latam_corpus.web.models import Collection, CollectionFile
from latam_corpus.web.source_values import source_values, stated

if TYPE_CHECKING:
    from collections.abc import Mapping

    from latam_corpus.messages import Message

FORMS: Final = {"verse": _("verse"), "interview": _("interview"), "prose": _("prose"), "table": _("table")}
COLUMN_LABELS: Final = {
    "title": _("title"),
    "creators": _("authors, speakers or singers"),
    "published": _("date"),
    "declared_language": _("language"),
    "genre": _("genre"),
    "country": _("country"),
    "composition": _("original or translation"),
    "rights": _("rights or licence"),
    "uses": _("allowed uses"),
    "expires": _("permission ends on"),
    "embargo_until": _("not before"),
    "consent": _("consent"),
}
_CORRECTED: Final = ("title", "genre", "form", "declared_language")


def _choices(names: Mapping[str, Message], empty: Any) -> list[tuple[str, Any]]:
    language = core_language()
    choices = sorted(((key, name.translate(language)) for key, name in names.items() if key), key=lambda pair: pair[1])
    return [("", empty), *choices]


class FolderForm(forms.Form):
    """A folder on the machine of the desk."""

    folder = forms.CharField(
        label=_("A folder on this machine"), max_length=1000, help_text=_("Its full path, such as /home/ana/cantos.")
    )

    def clean_folder(self) -> str:
        """Return the path of the folder, which must exist."""
        folder = Path(self.cleaned_data["folder"]).expanduser()
        if not folder.is_absolute() or not folder.is_dir():
            raise forms.ValidationError(_("There is no such folder on this machine. Copy its full path."))
        return str(folder)


class LanguageField(forms.CharField):
    """A language by name or code, or several if `many`. The value is the codes, separated by commas."""

    def __init__(self, *, many: bool = False, **options: Any) -> None:
        widget = forms.TextInput(attrs={"list": "languages", "autocapitalize": "off", "spellcheck": "false"})
        super().__init__(widget=widget, max_length=400, required=False, **options)
        self.many = many

    def clean(self, value: Any) -> str:
        """Return the codes; refuse a name that is unknown, or that means several languages, which are listed."""
        typed = str(super().clean(value) or "").strip()
        if not typed:
            return ""
        if code := language_names().get(typed) or (None if self.many else declared_tag(typed)):
            return code
        try:
            codes = languages(typed)
        except AnswerError as error:
            raise forms.ValidationError(error.message.translate(core_language())) from None
        if len(codes) > 1 and not self.many:
            raise forms.ValidationError(_("Write one language."))
        return ", ".join(codes)


def language_names() -> dict[str, str]:
    """Return codes by name for a picker of the region's languages: Spanish and Portuguese, groups, then the others."""
    language = core_language()
    unknown = gettext("%(group)s, I don't know which")
    of_region = groups()
    wide = {unknown % {"group": language_name(code).translate(language)}: code for code in of_region.collections}
    own = {language_name(code).translate(language): code for code in of_region.of}
    first = {language_name(code).translate(language): code for code in ("spa", "por")}
    return {**first, **dict(sorted(wide.items())), **dict(sorted(own.items(), key=lambda pair: pair[0].casefold()))}


class CorrectionForm(VersionedForm):
    """Corrections of a file: its title, genre, form, language and row."""

    title = forms.CharField(label=_("Title"), max_length=300, required=False)
    genre = forms.ChoiceField(label=_("Genre"), required=False)
    form = forms.ChoiceField(
        label=_("Form of the text"),
        required=False,
        help_text=_("Verse keeps every line; prose joins the lines of a paragraph; an interview has turns by speaker."),
    )
    declared_language = LanguageField(
        label=_("Language"),
        help_text=_("As people say it. If you know only the group, write «Mixtec, I don't know which»."),
    )
    row = forms.ChoiceField(label=_("Its row in the catalogue"), required=False)

    class Meta:
        model = CollectionFile
        fields: tuple[str, ...] = ()

    def __init__(self, *args: Any, collection: Collection, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        catalogue = catalogue_of(collection)
        self.fields["genre"].choices = _choices(GENRES, _("as the catalogue or the collection says"))
        by_form = [(key, label) for key, label in FORMS.items() if key != "table"]
        self.fields["form"].choices = [("", _("by its look")), *by_form]
        correction = dict(self.instance.correction)
        if code := correction.get("declared_language"):
            correction["declared_language"] = language_name(code).translate(core_language())
        for name in _CORRECTED:
            self.fields[name].initial = correction.get(name, "")
        missing = catalogue.get("missing", [])
        if missing:
            keep = gettext("the row that it has") if self.instance.row else gettext("none")
            self.fields["row"].choices = [("", keep), *((str(row["number"]), label_of(row)) for row in missing)]
        else:
            del self.fields["row"]

    def stored_value(self, name: str) -> Any:
        """Return the value as another person corrected it."""
        return (self.conflict.correction or {}).get(name)

    def correction(self) -> dict[str, Any]:
        """Return the file's corrections, updated with those of a valid form."""
        corrected = self.instance.correction | {name: self.cleaned_data.get(name) for name in _CORRECTED}
        return {name: value for name, value in corrected.items() if value}


def label_of(row: Mapping[str, Any]) -> str:
    """Return a short label of a catalogue's row: its number, its file's name and its first other cell."""
    further_cells = [cell for cell in row["cells"].values() if cell != row["name"]]
    return f"{row['number']}: {row['name']}" + (f" · {further_cells[0][:60]}" if further_cells else "")


class MappingForm(forms.Form):
    """The meaning of each column of an uploaded catalogue."""

    def __init__(self, *args: Any, catalogue: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        heads = catalogue.get("heads", [])
        self.fields["column"] = forms.ChoiceField(
            label=_("Which column names the files?"),
            choices=[("", _("none of them")), *((head, head) for head in heads)],
            initial=catalogue.get("column", ""),
            required=False,
        )
        meanings = [(name, COLUMN_LABELS[name]) for name in (*COLUMNS, *COLUMNS_OF_TERMS)]
        self.heads = [head for head in heads if head != catalogue.get("column")]
        for number, head in enumerate(self.heads):
            self.fields[f"c{number}"] = forms.ChoiceField(
                label=head,
                choices=[("", _("only kept")), *meanings],
                initial=catalogue.get("columns", {}).get(head, ""),
                required=False,
            )

    def clean(self) -> dict[str, Any]:
        """Refuse two columns with the same meaning."""
        values: dict[str, Any] = super().clean() or {}
        head_by_meaning: dict[str, str] = {}
        for number, head in enumerate(self.heads):
            name = values.get(f"c{number}")
            if name and name in head_by_meaning:
                text = gettext("«%(first)s» has this meaning already.") % {"first": head_by_meaning[name]}
                self.add_error(f"c{number}", text)
            elif name:
                head_by_meaning[name] = head
        self.columns = {head: name for name, head in head_by_meaning.items() if head != values.get("column")}
        return values


class SourceForm(VersionedForm):
    """A collection's source: its custodian, kind, languages and rights."""

    country = forms.ChoiceField(label=_("Which country is it from?"), required=False)
    languages = LanguageField(
        many=True,
        label=_("In which languages are its texts?"),
        help_text=_(
            "As people say them, separated by commas: «español, náhuatl». If you know only the group, write "
            "«Mixtec, I don't know which»."
        ),
    )
    genre = forms.ChoiceField(
        label=_("What are most of its texts?"),
        required=False,
        help_text=_("The rules that keep or drop a text depend on it. Single files can differ."),
    )
    licence = forms.ChoiceField(
        label=_("Which rights apply?"),
        required=False,
        help_text=_("Until they are known, nothing is released. The page «Rights» has more choices."),
    )

    class Meta:
        model = Collection
        fields = ("title", "custodian", "rights_holder")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        values = source_values(self.instance)
        language = core_language()
        for name, names in (("country", COUNTRIES), ("genre", GENRES)):
            self.fields[name].choices = _choices(names, _("several, or I don't know"))
            self.fields[name].initial = values.get(name, "")
        self.fields["languages"].initial = ", ".join(
            language_name(code).translate(language) for code in values.get("languages", ())
        )
        self.has_rights = stated(values, "rights") is not None
        licences = {key: name.translate(language) for key, name in LICENCES.items() if key != IN_COPYRIGHT}
        self.fields["licence"].choices = [("", licences.pop("")), *licences.items()]
        if self.has_rights:
            del self.fields["licence"]

    def stored_value(self, name: str) -> Any:
        """Return the value as another person saved it, from the row or the source file."""
        if name in self.Meta.fields:
            return super().stored_value(name)
        value = source_values(self.instance).get(name, self.cleaned_data.get(name) if name == "licence" else "")
        return ", ".join(value) if isinstance(value, list) else value

    def changes(self) -> dict[str, Any]:
        """Return a valid form's values for the source file, by dotted key."""
        data = self.cleaned_data
        changes: dict[str, Any] = {
            "title": data["title"],
            "holder": data["custodian"],
            "country": data["country"],
            "genre": data["genre"],
            "languages": [code for code in data["languages"].split(", ") if code],
        }
        if licence := data.get("licence"):
            changes["rights.statement"] = licence
            changes["rights.uses"] = uses_under(tier_of(licence), USES)
            changes["rights.basis"] = "public_domain" if "publicdomain" in licence else "licence"
        return changes
