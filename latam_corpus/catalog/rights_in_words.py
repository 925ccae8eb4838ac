"""Recognise statements of rights in words, in the languages of the region and of its immigrants.

All readers match the rights fields of files, pages, repositories and catalogues against these patterns;
`extract/stated_rights/reservations.py` finds the same phrases in running text.
"""

from __future__ import annotations

import re
from typing import Final, Literal, TypeAlias

from latam_corpus.catalog.named_values import statement_of
from latam_corpus.catalog.rights import is_known
from latam_corpus.text.folding import folded

# The kinds of statements. `licence`: in the rights vocabulary; `reserved`: reserves rights; `claimed`: only names the
# copyright holder, as licences do too; `free`: restricts nothing; `unread`: not understood.
Kind: TypeAlias = Literal["reserved", "licence", "unread", "claimed", "free"]

# All patterns are for folded text: lower case, without accents.
_WORKS: Final = (
    r"(?:total|parcial|parte|sin|sem|without|obra|libro|livro|publicac\w+|contenido|conteudo|material|texto|textos"
    r"|notas?|noticias?|articulos?|artigos?|medios?|meios?|pagina|sitio|site|cualquier|qualquer)"
)
_COPYING: Final = (
    r"(?:reproduccion|copia|distribucion|difusion|republicacion|reproducao|distribuicao|republicacao)"
    rf"(?=[^.]{{0,120}}\b{_WORKS}\b|\W*$)"
)
# The refusal must refer to the work itself: «este libro», «this work».
_OF_THIS: Final = r"[^.]{0,160}?\b(?:d?est[aeo]s?|this|these|nuestr\w+|noss\w+)\b"
_TO_TRAIN: Final = (
    r"[^.]{0,200}?\b(?:entrena(?:r|miento)|treina(?:r|mento)|train(?:ing)?)\b[^.]{0,80}?"
    r"\b(?:inteligencia artificial|artificial intelligence|ia|ai|llms?|modelos? de (?:lenguaje|linguagem))\b"
)
_REFUSED: Final = r"(?:se prohibe|no (?:se (?:permite|autoriza)|part of)|nao (?:se (?:permite|autoriza)|e permitido))"
_CANNOT: Final = r"(?:no (?:puede|podra)n?|nao (?:pode|podera)m?|(?:may|must|can) ?not)(?: be| ser)?"
_NO_TRAINING: Final = (
    rf"\b(?:prohibid|proibid)[ao]s?\b{_OF_THIS}{_TO_TRAIN}",
    rf"\b{_REFUSED}\b{_OF_THIS}{_TO_TRAIN}",
    rf"\b(?:est[aeo]s?|this|these) (?:\w+ ){{1,4}}?{_CANNOT} (?:usad[ao]s?|utilizad[ao]s?|used)\b{_TO_TRAIN}",
)
_NOT_ALL: Final = "".join(
    rf"(?<!{word} )" for word in ("algunos", "alguns", "ciertos", "certos", "some", "ningunos", "sin", "sem", "no")
)
RESERVED: Final = re.compile(
    "|".join((
        r"todos (?:los |sus )?derechos(?: (?:de|del) [\w ]{1,40}?)?,?(?: estan| quedan| son)? reservados\b",
        r"\breservados todos (?:los|os) d[ei]re(?:ch|it)os\b",
        r"todos os direitos(?: (?:autorais|d(?:e|a|o|est[ae]) [\w ]{1,40}?))?(?: sao| estao| ficam)? reservados\b",
        r"\b(?:derechos|direitos) exclusivos (?:de|da|do|para) [\w ]{1,60}? reservados\b",
        r"all rights?(?: are)? reserved\b",
        r"\btous (?:les )?droits(?: d[e'] ?[^.]{1,100}?)?(?: sont)? reserves\b",
        r"\balle rechte vorbehalten\b|\btutti i diritti(?: sono)? riservati\b",
        rf"\b(?:prohibid|proibid)[ao]s?(?: \w+mente)?,? (?:la |su |a |sua |cualquier |qualquer |toda )*{_COPYING}",
        # Spanish books name the required permission and the penalties between the verb and its object.
        rf"\b(?:prohibid|proibid)[ao]s?(?: \w+mente)?,? (?:sin|sem) [^.]{{3,250}}? (?:la |a ){_COPYING}",
        *_NO_TRAINING,
        rf"\bse prohibe(?: \w+mente)? (?:la |su )*{_COPYING}",
        r"\b(?:ninguna parte de est[ae]|nenhuma parte dest[ae])(?: \w+){1,5} (?:puede|podra|pode|podera)\b",
        r"\bno part of th(?:is|e)(?: \w+){1,6} (?:may|can|should|shall) be\b",
        r"\bmay not be (?:published|reproduced|copied|republished|redistributed|broadcast)\b",
        r"\bno reproduction(?: \w+){0,4} without\b",
        r"\breproduction(?: \w+){0,12} (?:is |are )?(?:strictly )?(?:prohibited|forbidden)\b",
        r"\b(?:restricted|closed|embargoed|metadata only) ?access\b",
        r"\bacceso (?:cerrado|restringido|embargado)\b|\bacesso (?:fechado|restrito|embargado)\b",
    ))
)  # fmt: skip
# Copyright notices in legal wording; next to a licence on the same page or file, they only name the holder.
KEPT: Final = re.compile(
    rf"\b{_NOT_ALL}(?:derechos(?: de autor)?|direitos(?: autorais)?|rights) (?:reservados|reserved)\b"
    r"|\bd\. ?r\.? ?(?:©|\(c\))|\bdr ?©"
)
_CLAIMED: Final = re.compile(
    r"©|\(c\)|&copy;|\bcopyright(?:ed)?\b|\bderechos de autor\b|\bdireitos autorais\b|\bxmprights:marked=true\b"
)
_FREE: Final = re.compile(
    r"(?:[\w ]{0,40}\b)?(?:algunos|ciertos|alguns|certos|some|no) (?:derechos|direitos|rights) reserv(?:ados|ed)\.?"
    r"|(?:(?:this|the|est[ea]|obra|texto|work|text|book|libro|livro|is|es|e|in|de|del|do|en|em|el|o|esta) )*"
    r"(?:dominio publico|public domain)(?: (?:in|en|no|nos|na) [\w. ]{2,40})?\.?"
    r"|(?:info:eu-repo/semantics/)?open ?access|acceso abierto|acesso aberto|(?:de )?(?:libre acceso|acceso libre)"
    r"|(?:the )?(?:texts?|works?|files?|data) (?:is|are) freely available\.?|freely available\.?|(?:de )?acesso livre"
    r"|disponible libremente\.?|libremente disponible\.?|livremente disponivel\.?"
)
# Words in a sentence next to a licence that may restrict it.
_RESTRICTS: Final = re.compile(
    r"\b(?:(?:no|sin|sem|without)(?! (?:\w+ )?restri)|nao|not|non|nunca|solo|somente|apenas|only|unicamente"
    r"|(?<!without )(?<!no )(?<!sin )(?<!sem )(?<!additional )restri\w*|restring\w*|exclusiv\w*|proh?ib\w*"
    r"|except\w*|salvo|permis\w*|permiss\w*|autoriz\w*|authori[sz]\w*|consent\w*)\b"
)


def kind_of(statement: str) -> Kind:
    """Classify a statement in a field for rights.

    >>> [kind_of(one) for one in ("© 2019 Sur. Todos los derechos reservados", "CC BY 4.0", "© 2019 Editorial Sur")]
    ['reserved', 'licence', 'claimed']
    >>> kind_of("Some rights reserved"), kind_of("Uso libre con permiso")
    ('free', 'unread')
    """
    if is_known(statement_of(statement) or statement):
        return "licence"
    words = folded(statement)
    if RESERVED.search(words):
        return "reserved"
    if _FREE.fullmatch(words):
        return "free"
    return "claimed" if KEPT.search(words) or _CLAIMED.search(words) else "unread"


def is_reserved(words: str) -> bool:
    """Whether the text of a field other than rights reserves rights.

    >>> is_reserved("Cuentos; todos los derechos reservados"), is_reserved("derechos humanos")
    (True, False)
    """
    return kind_of(words) == "reserved"


def keeps_rights(statement: str) -> bool:
    """Whether a statement says in any wording that rights are reserved.

    >>> keeps_rights("© 2020 Ana Paz. Derechos reservados."), keeps_rights("Algunos derechos reservados")
    (True, False)
    """
    words = folded(statement)
    return bool(RESERVED.search(words) or KEPT.search(words))


def takes_back(statement: str) -> bool:
    """Whether a sentence next to a licence may restrict it.

    >>> takes_back("Según la licencia."), takes_back("Solo para investigación")
    (False, True)
    """
    return bool(_RESTRICTS.search(folded(statement)))
