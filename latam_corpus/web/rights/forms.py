"""Forms about terms and consent, which use the core's vocabulary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from latam_corpus.catalog.community_labels import labels
from latam_corpus.catalog.display_names import BASES, IN_COPYRIGHT, LICENCES, PUBLIC_DOMAIN, USES
from latam_corpus.catalog.rights import is_known, openness, tier_of, uses_under
from latam_corpus.web.access.middleware import core_language
from latam_corpus.web.rights.terms import NOT_RELEASED
from latam_corpus.web.templatetags.desk import licence

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from latam_corpus.messages import Message

_OTHER: Final = "other"
_DAY: Final = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
# Fields of several forms; Django copies the fields of a class for each form.
_OTHER_STATEMENT: Final = forms.CharField(
    label=_("Another licence or statement"),
    max_length=300,
    required=False,
    help_text=_("Only if none of the above fits: its name or address."),
)
_EXPIRES: Final = forms.DateField(label=_("Last day of the permission"), required=False, widget=_DAY)
_EMBARGO: Final = forms.DateField(label=_("First day on which they may be released"), required=False, widget=_DAY)
_USE_WORDS: Final = {
    "train": _("train language models"),
    "redistribute": _("pass the texts on to others, and show them"),
    "evaluate": _("test and compare models, without passing texts on"),
}


def _uses(label: Any, **options: Any) -> forms.MultipleChoiceField:
    """Return a field with a box to tick for each use."""
    choices = list(_USE_WORDS.items())
    return forms.MultipleChoiceField(label=label, widget=forms.CheckboxSelectMultiple, choices=choices, **options)


def said_by(names: Mapping[str, Message]) -> list[tuple[str, str]]:
    """Return the choices for a vocabulary of the core, in the language of the page."""
    return [(value, name.translate(core_language())) for value, name in names.items()]


class _Dated(forms.Form):
    """A form with two days that must not contradict each other."""

    def clean(self) -> dict[str, Any]:
        """Refuse an end that is before the beginning."""
        values: dict[str, Any] = super().clean() or {}
        start, end = values.get("embargo_until") or values.get("given"), values.get("expires")
        if start and end and end < start:
            self.add_error("expires", gettext("It ends before it begins. Correct one of the two days."))
        return values

    def _clean_statement(self, values: dict[str, Any]) -> None:
        """Replace the choice «another statement» by its text."""
        if values.get("statement") != _OTHER:
            return
        typed = (values.get("other_statement") or "").strip()
        if not is_known(typed):
            self.add_error(
                "other_statement",
                gettext(
                    "This isn't recognised as a licence. Write a name such as CC-BY-4.0, or the address of a licence "
                    "or of a statement of rightsstatements.org."
                ),
            )
        values["statement"] = typed


class TermsForm(_Dated):
    """The widest terms of a collection's texts."""

    custodian = forms.CharField(
        label=_("Who keeps the texts?"),
        max_length=200,
        help_text=_("The library, archive, family or community that has them. It need not hold the rights."),
    )
    rights_holder = forms.CharField(
        label=_("Who holds the rights?"),
        max_length=200,
        help_text=_(
            "The authors, their heirs, a publisher or a community. If no one holds rights any more, write "
            "“public domain”."
        ),
    )
    statement = forms.ChoiceField(label=_("What does the rights holder allow?"), widget=forms.RadioSelect)
    other_statement = _OTHER_STATEMENT
    basis = forms.ChoiceField(
        label=_("What is this based on?"),
        widget=forms.RadioSelect,
        help_text=_("A published licence, the end of copyright, a contract with an institution, or people's consent."),
    )
    uses = _uses(_("What may the texts be used for?"))
    agreement = forms.CharField(
        label=_("Name or number of the written permission"),
        max_length=200,
        required=False,
        help_text=_("Needed if the texts are in copyright and you have a written permission."),
    )
    expires = _EXPIRES
    embargo_until = _EMBARGO
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        statements = [(value, name) for value, name in said_by(LICENCES) if value]
        self.fields["statement"].choices = [*statements, (_OTHER, gettext("another licence or statement"))]
        self.fields["basis"].choices = said_by(BASES)

    @classmethod
    def initial_of(cls, rights: Mapping[str, Any], custodian: str, rights_holder: str, seen: str) -> dict[str, Any]:
        """Return the form's values for the statements of a source file."""
        statement = rights.get("statement", "")
        is_common = statement in LICENCES
        values = {name: rights.get(name) for name in ("basis", "uses", "agreement", "expires", "embargo_until")}
        values |= {"custodian": custodian, "rights_holder": rights_holder, "seen": seen}
        return values | {
            "statement": statement if is_common else (_OTHER if statement else None),
            "other_statement": "" if is_common else statement,
        }

    def clean(self) -> dict[str, Any]:
        """Check that the answers agree with each other."""
        values = super().clean()
        self._clean_statement(values)
        statement, uses = values.get("statement", ""), values.get("uses", [])
        if statement == IN_COPYRIGHT and not values.get("agreement"):
            self.add_error(
                "agreement", gettext("Write the name or number of the permission, so that others can find it.")
            )
        if statement == IN_COPYRIGHT and values.get("basis") not in {"contract", "consent"}:
            self.add_error("basis", gettext("A written permission is a contract or a consent."))
        tier = tier_of(statement)
        lacking = set(uses) - set(uses_under(tier, uses))
        if tier == "unknown" and statement and statement != IN_COPYRIGHT:
            self.add_error("statement", gettext("This statement allows nothing by itself. Nothing could be released."))
        elif lacking and statement != IN_COPYRIGHT and not values.get("agreement"):
            message = gettext(
                "This licence doesn't allow it by itself: %(uses)s. Name the written permission, or untick it."
            )
            names = ", ".join(str(_USE_WORDS[use]) for use in USES if use in lacking)
            self.add_error("uses", message % {"uses": names})
        return values

    def source_changes(self) -> dict[str, Any]:
        """Return the values for the source file, by dotted key."""
        values = self.cleaned_data
        names = ("statement", "basis", "uses", "agreement", "expires", "embargo_until")
        changes = {f"rights.{name}": values[name] or None for name in names}
        tier = "permission" if values["statement"] == IN_COPYRIGHT else None
        return {"holder": values["custodian"], **changes, "rights.tier": tier}


class GroupForm(_Dated):
    """The terms of some texts of a collection: the collection's terms, or stricter ones."""

    statement = forms.ChoiceField(label=_("What holds for these texts?"), widget=forms.RadioSelect)
    other_statement = _OTHER_STATEMENT
    uses = _uses(
        _("Only for these uses"), required=False, help_text=_("Tick none to allow the same uses as for the collection.")
    )
    expires = _EXPIRES
    embargo_until = _EMBARGO
    consent = forms.CharField(
        label=_("Consent document"),
        max_length=200,
        required=False,
        help_text=_(
            "Its name or number. If one text of the catalogue names its consent, a text that names none is held."
        ),
    )
    community = forms.CharField(label=_("Community"), max_length=200, required=False)
    withdrawal_contact = forms.CharField(
        label=_("Whom to write to for a withdrawal"),
        max_length=200,
        required=False,
        help_text=_("An office or an address that may be public."),
    )

    def __init__(self, *args: Any, rights: Mapping[str, Any], licences: Iterable[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._of_collection = rights.get("statement", "")
        self._tier = rights.get("tier") or tier_of(self._of_collection)
        same_terms = gettext("the same as for the collection: %(terms)s") % {"terms": licence(self._of_collection)}
        narrower = [
            (value, name)
            for value, name in said_by(LICENCES)
            if value not in {"", PUBLIC_DOMAIN, IN_COPYRIGHT, self._of_collection} and self._is_allowed(value)
        ]
        licence_choices = [(value, value) for value in licences]
        first = [(self._of_collection, same_terms)] if self._of_collection else []
        out = (NOT_RELEASED, gettext("nothing yet: these texts are in no version"))
        other_statement = (_OTHER, gettext("another licence or statement"))
        self.fields["statement"].choices = [*licence_choices, *first, *narrower, out, other_statement]

    def _is_allowed(self, statement: str) -> bool:
        """Whether a statement is at most as open as the collection's statement."""
        return openness(tier_of(statement)) >= openness(self._tier)

    def clean(self) -> dict[str, Any]:
        """Refuse terms that are wider than the collection's, which would have no effect."""
        values = super().clean()
        self._clean_statement(values)
        statement = values.get("statement")
        is_own = statement in {NOT_RELEASED, self._of_collection}
        if statement and self._of_collection and not is_own and is_known(statement) and not self._is_allowed(statement):
            message = gettext("The collection allows less than this: %(terms)s. Change the collection's terms first.")
            self.add_error("statement", message % {"terms": licence(self._of_collection)})
        return values

    def cells(self) -> dict[str, str]:
        """Return the cells for the catalogue, by column; an empty cell removes an earlier decision."""
        values = self.cleaned_data
        names = ("expires", "embargo_until", "consent", "community", "withdrawal_contact")
        cells = {name: str(values[name] or "") for name in names}
        return {"rights": values["statement"], "uses": "; ".join(values["uses"]), **cells}


class ConsentForm(_Dated):
    """A record of consent, or a community's label on the material."""

    id = forms.CharField(
        label=_("Name or number of the record"),
        max_length=80,
        help_text=_("The name or number under which you keep it, such as acta-7."),
    )
    community = forms.CharField(
        label=_("Who gave it?"), max_length=200, help_text=_("The community, its assembly, a family, or the speaker.")
    )
    given = forms.DateField(label=_("On which day?"), required=False, widget=_DAY)
    scope = _uses(
        _("For which uses?"),
        required=False,
        help_text=_("Nothing else is then allowed, whatever the rights say. Tick none if the consent names no uses."),
    )
    expires = forms.DateField(label=_("Last day of the consent"), required=False, widget=_DAY)
    withdrawal_contact = forms.CharField(
        label=_("Whom to write to for a withdrawal"),
        max_length=200,
        help_text=_("This is published with each version: write an office or an address that may be public."),
    )
    label = forms.ChoiceField(
        label=_("Label of Local Contexts"),
        required=False,
        help_text=_("Only if the community put one on the material. Some labels keep texts out of every version."),
    )
    document = forms.FileField(
        label=_("The signed document"),
        required=False,
        help_text=_("A scan or a recording. It is kept here, shown to reviewers alone, and never released."),
    )

    def __init__(self, *args: Any, taken: Iterable[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._taken = frozenset(taken)
        language = core_language()
        named_labels = [(label.uri, label.names.get(language) or label.names["en"]) for label in labels().values()]
        self.fields["label"].choices = [("", gettext("none")), *sorted(named_labels, key=lambda choice: choice[1])]

    def clean_id(self) -> str:
        """Return the id, which no other record may have."""
        name = str(self.cleaned_data["id"]).strip()
        if name in self._taken:
            raise forms.ValidationError(gettext("Another record has this name or number."))
        return name

    def record(self) -> dict[str, Any]:
        """Return the record for the source file, without empty values."""
        names = ("id", "label", "community", "given", "scope", "expires", "withdrawal_contact")
        return {name: value for name in names if (value := self.cleaned_data.get(name))}


class DecisionForm(forms.Form):
    """Approve or refuse a proposal."""

    decision = forms.ChoiceField(
        label=_("Your decision"),
        widget=forms.RadioSelect,
        choices=[("approve", _("I have read it, and approve it")), ("refuse", _("I don't approve it"))],
    )
    reason = forms.CharField(
        label=_("Reason or note"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Needed if you don't approve: the owner sees it."),
    )
    digest = forms.CharField(widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        """Require a reason for a refusal."""
        values: dict[str, Any] = super().clean() or {}
        if values.get("decision") == "refuse" and not (values.get("reason") or "").strip():
            self.add_error("reason", gettext("Say what is missing, so that it can be corrected."))
        return values
