"""The sentences of reports, by the names that templates use."""

from __future__ import annotations

from typing import Final

from latam_corpus.messages import _

WORDS: Final = {
    "run_report": _("Report of a run"),
    "release_report": _("Report of a release"),
    "skip": _("To the contents"),
    "contents": _("On this page"),
    "internal": _("Internal: the terms of some texts on this page don't allow showing them to others."),
    "run_lead": _("{kept} of {n} {n:document was|documents were} kept: {share}."),
    "release_lead": _("{n} {n:document|documents}, {size} of text, from {sources} {sources:source|sources}."),
    "run": _("Run"),
    "recipe": _("Recipe"),
    "version": _("Version"),
    "created": _("Created on"),
    "finished_on": _("Finished on"),
    "released": _("Released"),
    "no_release": _("No version has been built from this run."),
    "released_as": _("Released as {release}: {n} {n:document|documents}."),
    "released_of": _("Of these this run kept {n}; the others are from elsewhere."),
    "limited": _("A trial: at most {n} {n:record|records} of each file {n:was|were} read."),
    "failed_parts": _("{n} {n:part|parts} failed; {n:its|their} documents aren't counted here."),
    "loss_head": _("Losses below the recipe's floor"),
    "own_policies": _("Policies used instead of the shipped ones:"),
    "loss_accepted": _("Accepted because: {why}"),
    "loss_refused": _(
        "No version is built from this run as it is: read the documents that were set aside and correct the "
        "recipe or the source, or state why the loss is acceptable."
    ),
    "flow": _("Documents kept by each stage"),
    "flow_how": _("Each row is a stage: the documents that it kept, and why it set the others aside."),
    "stage": _("Stage"),
    "policy": _("Policy"),
    "left": _("Left"),
    "lost": _("Set aside there"),
    "share_left": _("Share of all documents read"),
    "collected": _("collected"),
    "sources": _("By source, the greatest loss first"),
    "lost_of_source": _("Set aside"),
    "source": _("Source"),
    "in": _("In"),
    "kept": _("Kept"),
    "share_kept": _("Share kept"),
    "more_rows": _("and {n} more"),
    "holds": _("Contents"),
    "documents": _("Documents"),
    "share": _("Share"),
    "not_stated": _("not stated"),
    "undetermined": _("undetermined"),
    "language": _("Languages"),
    "variety": _("Varieties"),
    "country": _("Countries"),
    "genre": _("Genres"),
    "decade": _("Decades"),
    "rights_tier": _("Rights"),
    "contributor": _("Contributors"),
    "why": _("Documents set aside, and why"),
    "why_how": _("The costliest reasons come first. A document has one reason: the first that applied."),
    "nothing_fell": _("Nothing was set aside."),
    "reason": _("Reason"),
    "other_reasons": _("The other reasons"),
    "about_inputs": _("Input that couldn't be read, or isn't a document"),
    "held_back": _("Why some kept documents aren't in a version"),
    "about_terms": _("What the records and the catalogue state about rights"),
    "cost": _("Documents: {n}, {share} of all that were read; from {sources}"),
    "measured": _("Values and bounds"),
    "measure_lead": _("{n} {n:document was|documents were} measured; all bounds together would drop {drops}: {share}."),
    "unmeasured": _("{n} more {n:document was|documents were} set aside before signals were measured."),
    "bounds_from": _("The bounds are in {folder}."),
    "costs": _("The bounds that cost most"),
    "costs_how": _(
        "“By this alone” counts the documents that no other bound would drop. The plots show how many "
        "documents have each value; the dashed lines are the bounds, and values beyond them are red."
    ),
    "no_costs": _("No bound would drop a document."),
    "bound": _("Bound"),
    "where": _("Where"),
    "would_drop": _("Would drop"),
    "alone": _("By this alone"),
    "of_good": _("Of those judged good"),
    "of_bad": _("Of those judged bad"),
    "drops_alone": _("would drop {drops}; by this alone, {alone}"),
    "groups": _("Every signal, by language and genre"),
    "groups_how": _(
        "The largest group comes first. The columns with percentages give the value that this share of the "
        "documents doesn't exceed."
    ),
    "group_lead": _("{n} {n:document|documents}; all bounds together would drop {drops} ({share})."),
    "group_judged": _("Of {good} judged good, they would drop {lost}; of {bad} judged bad, {caught}."),
    "signals": _("{n} {n:signal|signals}"),
    "signal": _("Signal"),
    "distribution": _("Values of {signal}, from {low} to {high}; bounds: {limit}."),
    "sample": _("Sample"),
    "sample_lead": _("{n} {n:document|documents}, drawn at random."),
    "sample_how": _("The seed is {seed}: the same seed draws the same documents. Recognised personal data is covered."),
    "no_part": _(
        "{n} more {n:was|were} left out: {n:it is|they are} withdrawn, or {n:its|their} terms don't allow "
        "{n:it|them} to be shown."
    ),
    "beside": _("Compared with “{title}”"),
    "more_places": _("The two differ in {n} more {n:place|places}."),
    "as_far": _("Only part of the two texts was compared."),
    "preview": _("Preview of a source"),
    "struck": _("Parts of the original that are struck through aren't in the text."),
    "left_out_of_text": _("not in the text:"),
    "inventory": _("Contents of a folder"),
    "formats": _("Formats"),
    "files": _("Files"),
    "file": _("File"),
    "format": _("Format"),
    "size": _("Size"),
    "charset": _("Charset"),
    "to_look_at": _("To look at"),
    "life": _("History of a document"),
    "life_kept": _("It was kept."),
    "life_dropped": _("It was set aside: {why}."),
    "life_withdrawn": _("Withdrawn on {when}, by request {request}."),
    "origin": _("Origin and metadata"),
    "covered": _("Personal data covered"),
    "steps": _("What each stage did"),
    "did": _("What it did"),
    "bounds": _("Measured values, and the bounds of its policy"),
    "held_as": _("few words: counted as {value}"),
    "no_list": _("no list"),
    "inside": _("within"),
    "outside": _("beyond"),
    "copies_of": _("Copies and variants of it"),
    "beginning": _("How it begins"),
    "no_text": _("without text"),
    "releases": _("Releases that have it"),
    "release": _("Release"),
    "no_copies_of": _("This run found none."),
    "no_releases": _("No release has it."),
    "how_withdraw": _("To withdraw it:"),
    "histogram": _(
        "Values of {signal} from {low} to {high}, in the languages and genres where it set documents aside; "
        "the bound is {limit}."
    ),
    "values_table": _("The same as a table"),
    "from_to": _("Values"),
    "near": _("The documents nearest to the bound"),
    "value": _("Value"),
    "document": _("Document"),
    "verdict": _("Verdict"),
    "was_kept": _("kept"),
    "was_dropped": _("set aside"),
    "hidden": _("its terms don't allow it to be shown"),
    "is_withdrawn": _("it is withdrawn"),
    "read_kept": _("{n} kept {n:document|documents} to read"),
    "read_dropped": _("{n} set aside, to read"),
    "read_how": _("The beginnings of documents drawn at random; recognised personal data is covered."),
    "hidden_of": _("Not shown: {kept} kept, {dropped} set aside. They are withdrawn, or their terms don't allow it."),
    "hidden_named": _(
        "This page is meant to stay in the run's folder, and shows titles and file names; `report … --to FILE` "
        "writes a page without them, to share."
    ),
    "goes_on": _("it continues …"),
    "untitled": _("without a title"),
    "survival": _("Documents kept by each stage, by source"),
    "survival_how": _("The share of a source's documents that is left after each stage that set documents aside."),
    "copies": _("Copies and variants"),
    "copies_how": _(
        "The largest clusters come first: a document that was set aside, compared with the one that was kept."
    ),
    "variants_how": _("Variants of one work, which are all kept, compared in pairs."),
    "no_copies": _("No copies and no variants that may be shown."),
    "cluster": _("{n} {n:text|texts} with the same or nearly the same words"),
    "cluster_variants": _("{n} {n:variant|variants}"),
    "only_here": _("only in this one:"),
    "only_there": _("only in the other:"),
    "both_have": _("Both have {shared} {shared:word|words}; only this one {own}, only the other {other}."),
    "alike": _("Word for word the same, as far as they were compared."),
    "small": _("Scripture and encyclopedia in the smaller languages"),
    "small_how": _(
        "In a small language, much of the web is the Bible and encyclopedias written by machines; they don't "
        "show how the language is spoken."
    ),
    "religious": _("Religious"),
    "reference": _("Reference"),
    "formulas": _("Bible formulas per 1,000 words"),
    "not_measured": _("not measured"),
    "speed": _("Speed and disk"),
    "took": _("Took"),
    "per_second": _("Documents per second"),
    "read_bytes": _("Read"),
    "on_disk": _("On disk"),
    "cpu": _("CPU seconds"),
    "changed_rows": _("Changed"),
    "seconds_per_1000": _("ms per document"),
    "nothing_kept": _("Nothing was kept."),
    "owing": _("Obligations under its terms"),
    "owing_how": _(
        "The source with most documents comes first. The page of a version also has the holders, and its rows "
        "state whom to name."
    ),
    "no_rights": _("not released: its rights aren't known"),
    "since": _("Changes since the previous run"),
    "since_how": _("For sources and stages, documents kept / documents read; then the inputs that differ."),
    "is_there": _("there"),
    "files_new": _("new files"),
    "files_gone": _("removed files"),
    "files_other": _("files with changed content"),
    "files_reading": _("files that were read differently"),
    "since_version": _("Changes since the previous version"),
    "first_run": _("There is no earlier run of this recipe."),
    "first_version": _("It isn't based on an earlier version."),
    "since_of": _("Compared with {name}, which read {before} and kept {kept}."),
    "same_ground": _("Both have the same recipe, stages, sources and input."),
    "what": _("What"),
    "before": _("Before"),
    "now": _("Now"),
    "aspect": _("Which"),
    "how": _("Next steps"),
    "how_explain": _("To see what each stage did to a document:"),
    "how_life": _("To write the same as a page, to share:"),
    "how_withdraw_any": _("To withdraw a document from its version:"),
    "how_sample": _("To read more of what was set aside:"),
    "how_measure": _("To see what each bound costs, and which file states it:"),
    "how_compare": _("To see on which documents two runs disagree:"),
    "how_internal": _("To write this page with all texts, for internal use:"),
    "obligations": _("Obligations of its users"),
    "terms": _("Terms"),
    "owed": _("Asks"),
    "holder": _("Holder"),
    "labels": _("Labels of Local Contexts on its documents; read the page of each:"),
    "admits": _("It admits these rights: {tiers}; each document allows: {uses}."),
    "left_out": _("What was left out"),
    "left_out_how": _(
        "Of {n} {n:document|documents} read, {out} {out:was|were} left out of this version; the ledger gives "
        "the reason for each."
    ),
    "gaps": _("What is missing"),
    "gaps_how": _("Content that a reader might expect and won't find here; the list doesn't give the reasons."),
    "gap_country": _("Countries of the region without documents"),
    "gap_language": _("Languages of the region that the toolkit identifies, without documents"),
    "gap_genre": _("Genres without documents"),
    "gap_few": _("Countries with fewer than 1 in 1,000 of the documents"),
    "gap_unstated": _("Documents without a country"),
    "gap_large": _("Documents in Spanish, Portuguese or English"),
    "gap_oral": _("Documents of spoken language, transcribed"),
    "nothing": _("none"),
    "limits": _("Limits"),
    "limits_how": _("Some decisions of a program are wrong."),
    "withdraw": _("How to have a text withdrawn"),
    "withdraw_how": _(
        "Anyone who created or holds a text, or is mentioned in it, can ask to withdraw it: write to whoever "
        "gave you this version, and state the doc_id, the address, or some words of the text. The keeper of "
        "the store runs:"
    ),
    "withdraw_after": _(
        "The next version omits the text, readers of older versions no longer get it, and a receipt confirms this."
    ),
    "not_forgotten": _(
        "Models that were trained on a text can't forget it, and copies that others have downloaded remain."
    ),
    "withdrawn": _(
        "{n} {n:document|documents} of this version {n:was|were} withdrawn since; readers no longer get {n:it|them}."
    ),
    "language_of": _("Language"),
    "size_on_disk": _("Shards"),
    "footer": _("Made by latam-corpus {version}. The page is a single file and loads nothing from the network."),
}

ASPECTS: Final = {
    "options": _("options"),
    "models": _("models and policies"),
    "code": _("code"),
    "libraries": _("libraries"),
}

# How many of 100 unseen texts of five sentences the model identifies correctly (docs/results/language.md).
NAMED_OF_100: Final = {
    "aymara": 100,
    "guarani": 99,
    "quechua": 99,
    "wixarika": 94,
    "bribri": 81,
    "otomi": 39,
    "chatino": 0,
}

# The figures on quality are from `docs/quality.md`.
LIMITS: Final = (
    _(
        "Languages are identified by a small model that no speaker has reviewed. Of 100 texts of five sentences that "
        "it had never seen, it identified {aymara} in Aymara, {guarani} in Guaraní, {quechua} in Quechua, {wixarika} "
        "in Wixárika, {bribri} in Bribri, {otomi} in Otomi and {chatino} in Chatino; uncertain texts are "
        "“undetermined”.",
        **NAMED_OF_100,
    ),
    _(
        "Quality is judged by bounds on measured values. Of 100 sentences of good texts that weren't used to choose "
        "the bounds, 100 from novels in Spanish, 99 from novels in Portuguese and 98 from films were kept. An "
        "unusual good text may be missing."
    ),
    _(
        "Personal data is covered if its form is recognised, such as addresses, telephone numbers and "
        "identity numbers. Names of people, and statements about them, are kept."
    ),
    _("Copies are found by the words that they share: two versions of one story in different words are both kept."),
)
