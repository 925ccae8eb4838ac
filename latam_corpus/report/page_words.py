"""The sentences of reports, by the names that templates call them."""

from __future__ import annotations

from typing import Final

from latam_corpus.messages import _

WORDS: Final = {
    "run_report": _("Report of a run"),
    "release_report": _("Report of a release"),
    "skip": _("To the contents"),
    "contents": _("On this page"),
    "internal": _("Internal: it holds texts whose terms don't allow them to be shown outside."),
    "run_lead": _("Of {n} {n:document|documents} that came, {kept} stayed: {share}."),
    "release_lead": _("{n} {n:document|documents}, {size} of text, from {sources} {sources:source|sources}."),
    "run": _("Run"),
    "recipe": _("Recipe"),
    "version": _("Version"),
    "created": _("Made on"),
    "finished_on": _("Finished on"),
    "released": _("Released"),
    "no_release": _("No release has been made of this run."),
    "released_as": _("Released as {release}: {n} {n:document|documents}."),
    "released_of": _("Of these this run kept {n}; the others are from elsewhere."),
    "limited": _("A trial: at most {n} {n:record|records} of each file {n:was|were} read."),
    "failed_parts": _("{n} {n:part|parts} failed; {n:its|their} documents aren't counted here."),
    "loss_head": _("Losses below the recipe's floor"),
    "own_policies": _("Instead of the shipped policies these decided:"),
    "loss_accepted": _("Let pass because: {why}"),
    "loss_refused": _("No release is made of this run as it is: read what fell and mend it, or state why it may pass."),
    "flow": _("How many came and stayed"),
    "flow_how": _("Each line is a stage: what is left of all that came, and why the others fell there."),
    "stage": _("Stage"),
    "policy": _("Policy"),
    "left": _("Left"),
    "lost": _("Set aside there"),
    "share_left": _("Share of all that came"),
    "collected": _("collected"),
    "sources": _("By source, what lost most first"),
    "lost_of_source": _("Set aside"),
    "source": _("Source"),
    "in": _("In"),
    "kept": _("Kept"),
    "share_kept": _("Share kept"),
    "more_rows": _("and {n} more"),
    "holds": _("What is in it"),
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
    "why": _("What was set aside, and why"),
    "why_how": _("The reasons that cost most first. A document has one reason, the first that held."),
    "nothing_fell": _("Nothing was set aside."),
    "reason": _("Reason"),
    "other_reasons": _("The other reasons"),
    "about_inputs": _("What couldn't be read, and what is no document"),
    "held_back": _("Why kept documents aren't released"),
    "about_terms": _("What the records and the catalogue state about rights"),
    "cost": _("Documents: {n}, {share} of all that came; from {sources}"),
    "measured": _("Values and bounds"),
    "measure_lead": _("{n} {n:document was|documents were} measured; all bounds together would drop {drops}: {share}."),
    "unmeasured": _("{n} more {n:document|documents} fell before {n:it was|they were} measured."),
    "bounds_from": _("The bounds stand in {folder}."),
    "costs": _("The bounds that cost most"),
    "costs_how": _(
        "“By this alone” counts the documents that no other bound would drop: what would come back without it. In the "
        "plots, how many documents have each value; the dashed lines are the bounds, and what lies beyond is in red."
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
        "The largest group first. Below each per cent stands the value that so many documents don't exceed."
    ),
    "group_lead": _("{n} {n:document|documents}; all bounds together would drop {drops} ({share})."),
    "group_judged": _("Of {good} judged good they would drop {lost}, of {bad} judged bad {caught}."),
    "signals": _("{n} {n:signal|signals}"),
    "signal": _("Signal"),
    "distribution": _("Values of {signal}, from {low} to {high}; bounds: {limit}."),
    "sample": _("Sample"),
    "sample_lead": _("{n} {n:document|documents}, drawn by lot."),
    "sample_how": _(
        "The lot's number is {seed}: with the same one the same are drawn. Personal data that is recognised is covered."
    ),
    "no_part": _(
        "{n} more had no part in it: {n:it is|they are} withdrawn, or {n:its|their} terms don't allow {n:it|them} to "
        "be shown."
    ),
    "beside": _("Beside “{title}”"),
    "more_places": _("The two differ in {n} more {n:place|places}."),
    "as_far": _("Only so much of the two was compared."),
    "preview": _("Preview of a source"),
    "struck": _("What is struck out of the original isn't in the text."),
    "left_out_of_text": _("not in the text:"),
    "inventory": _("What is in a folder"),
    "formats": _("Formats"),
    "files": _("Files"),
    "file": _("File"),
    "format": _("Format"),
    "size": _("Size"),
    "charset": _("Charset"),
    "to_look_at": _("To look at"),
    "life": _("A document's life"),
    "life_kept": _("It stayed."),
    "life_dropped": _("It was set aside: {why}."),
    "life_withdrawn": _("Withdrawn on {when}, by request {request}."),
    "search": _("Search"),
    "search_for": _("Search the documents: some words of a text, a title, an address, or a doc_id"),
    "search_now": _("Search"),
    "found": _("Documents that have it: {n}"),
    "found_how": _("Twenty at most are shown; words are sought as they stand in the text."),
    "nothing_there": _("There is nothing at this address."),
    "footer_served": _("Made by latam-corpus {version}, and served to this machine alone, until it is ended."),
    "origin": _("Where it comes from, and what is known of it"),
    "covered": _("Personal data covered"),
    "steps": _("What each stage did"),
    "did": _("What it did"),
    "bounds": _("What was measured, and what its policy asks"),
    "held_as": _("few words: held as {value}"),
    "no_list": _("no list"),
    "inside": _("within"),
    "outside": _("beyond"),
    "copies_of": _("Copies and variants of it"),
    "beginning": _("How it begins"),
    "no_text": _("without text"),
    "releases": _("In which releases"),
    "release": _("Release"),
    "no_copies_of": _("None that this run knows of."),
    "back": _("Back to the report"),
    "no_releases": _("No release has it."),
    "how_withdraw": _("To take it back:"),
    "histogram": _(
        "Values of {signal}, in the languages and genres that lost by it, from {low} to {high}; the bound is {limit}."
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
    "read_how": _("Drawn by lot; personal data that is recognised is covered. The beginning of each."),
    "hidden_of": _(
        "Those of {kept} kept and {dropped} set aside aren't shown: they are withdrawn, or their terms don't allow it."
    ),
    "hidden_named": _(
        "This page stays with the run, and names titles and files whatever the terms; `report … --to FILE` writes one "
        "without them, to pass on."
    ),
    "goes_on": _("it goes on …"),
    "untitled": _("without a title"),
    "survival": _("What each stage left of each source"),
    "survival_how": _("The share of its documents that is left after the stage; only stages that set something aside."),
    "copies": _("Copies and variants"),
    "copies_how": _("The largest clusters first: one that was set aside, beside the one that is kept."),
    "variants_how": _("Variants of one work, which are kept: one beside another."),
    "no_copies": _("No copies and no variants that may be shown."),
    "cluster": _("{n} {n:text that says|texts that say} the same"),
    "cluster_variants": _("{n} {n:variant|variants}"),
    "only_here": _("only in this one:"),
    "only_there": _("only in the other:"),
    "both_have": _("Both have {shared} {shared:word|words}; only this one {own}, only the other {other}."),
    "alike": _("Word for word the same, as far as they were compared."),
    "small": _("Scripture and encyclopedia in the smaller languages"),
    "small_how": _(
        "Of a small language, much that is on the web is the Bible and an encyclopedia that machines have written; "
        "what is in them isn't how the language is spoken."
    ),
    "no_small": _("No document in a language other than Spanish, Portuguese and English."),
    "religious": _("Religious"),
    "reference": _("Reference"),
    "formulas": _("Bible formulas in 1,000 words"),
    "not_measured": _("not measured"),
    "speed": _("Speed and disk"),
    "took": _("Took"),
    "per_second": _("Documents a second"),
    "read_bytes": _("Read"),
    "on_disk": _("On disk"),
    "cpu": _("CPU seconds"),
    "changed_rows": _("Changed"),
    "seconds_per_1000": _("ms a document"),
    "nothing_kept": _("Nothing was kept."),
    "owing": _("What its terms ask"),
    "owing_how": _(
        "The source of most documents first. A release's page has the holders too, and its rows say whom to name."
    ),
    "no_rights": _("nothing of it is released: its rights aren't known"),
    "since": _("What changed since the run before"),
    "since_how": _("Of sources and stages, how many were kept of how many came; then what the two rest on otherwise."),
    "is_there": _("there"),
    "files_new": _("files that came new"),
    "files_gone": _("files that are no longer there"),
    "files_other": _("files with other content"),
    "files_reading": _("files that were read otherwise"),
    "since_version": _("What changed since the version before"),
    "first_run": _("There is no earlier run of this recipe."),
    "first_version": _("It is built upon no earlier version."),
    "since_of": _("Compared with {name}: {before} came then and {kept} stayed."),
    "same_ground": _("Both rest on the same recipe, stages, sources and input."),
    "what": _("What"),
    "before": _("Before"),
    "now": _("Now"),
    "aspect": _("Which"),
    "how": _("How to go on from here"),
    "how_explain": _("To hear the whole story of one document:"),
    "how_life": _("The same as a page, to show it to others:"),
    "how_withdraw_any": _("To take a document back, once it is released:"),
    "how_search": _("To search its documents on this machine:"),
    "how_sample": _("To read more of what was set aside:"),
    "how_measure": _("To see what each bound costs, and which file states it:"),
    "how_compare": _("To see on which documents two runs disagree:"),
    "how_internal": _("To make this page again, with all texts, for use inside:"),
    "obligations": _("What whoever uses it owes"),
    "terms": _("Terms"),
    "owed": _("Asks"),
    "holder": _("Holder"),
    "labels": _("Labels of Local Contexts on its documents; read the page of each:"),
    "admits": _("It admits these rights: {tiers}; each document allows: {uses}."),
    "left_out": _("What was left out"),
    "left_out_how": _(
        "Of {n} {n:document|documents} read, {out} {out:was|were} left out of this version, each with its evidence "
        "in its ledger."
    ),
    "gaps": _("What is missing"),
    "gaps_how": _("What a reader might look for here and won't find. It says nothing of why."),
    "gap_country": _("Countries of the region of which it has no document"),
    "gap_language": _("Languages of the region that the toolkit knows, of which it has none"),
    "gap_genre": _("Genres of which it has none"),
    "gap_few": _("Countries with fewer than 1 in 1,000 of the documents"),
    "gap_unstated": _("Documents of which no country is stated"),
    "gap_large": _("Documents in Spanish, Portuguese or English"),
    "gap_oral": _("Documents of spoken language, transcribed"),
    "nothing": _("none"),
    "limits": _("Limits"),
    "limits_how": _("What is decided by a program is wrong in part."),
    "withdraw": _("How to have a text taken out"),
    "withdraw_how": _(
        "Whoever made, holds or is spoken of in a text can ask for it to be taken out: write to whoever gave you this "
        "version, and name the doc_id, the address, or some words of the text. Who keeps the store runs:"
    ),
    "withdraw_after": _(
        "The next version is made without it, readers of older ones don't get it any more, and a receipt says so."
    ),
    "not_forgotten": _("What was trained on a text can't forget it; copies that others have pulled aren't reached."),
    "withdrawn": _(
        "{n} {n:document|documents} of this version {n:is|are} withdrawn since; readers don't get {n:it|them} any more."
    ),
    "language_of": _("Language"),
    "size_on_disk": _("Shards"),
    "footer": _("Made by latam-corpus {version}. The page is one file: it asks for nothing from the network."),
}

ASPECTS: Final = {
    "options": _("options"),
    "models": _("models and policies"),
    "code": _("code"),
    "libraries": _("libraries"),
}

OWED: Final = {
    "attribution": _("name whom the row names"),
    "share_alike": _("pass it on under the same terms"),
    "non_commercial": _("not for commercial use"),
    "no_derivatives": _("pass it on unchanged"),
    "agreement": _("keep to its agreement (column `agreement`)"),
}

# Measured on 25 November 2026: `language/models/americas.md`, `docs/quality.md`.
LIMITS: Final = (
    _(
        "Languages are named by a small model that no speaker has reviewed. Of 100 texts of five sentences that it had "
        "never seen it named right 100 in Aymara, 99 in Guaraní and Quechua, 96 in Wixárika, 83 in Bribri and 55 in "
        "Otomi; what it doubts is “undetermined”."
    ),
    _(
        "Quality is judged by bounds on what can be counted. Of 100 sentences of good texts on which no bound was "
        "chosen, 100 of novels in Spanish, 99 of novels in Portuguese and 98 of films were kept. A good text that is "
        "unusual may be missing."
    ),
    _(
        "Personal data is covered where its form is recognised, such as addresses, telephones and identity numbers. "
        "Names of people stay, and what is said of them."
    ),
    _("Copies are found by the words that they share: two versions of one story told in other words both stay."),
)
