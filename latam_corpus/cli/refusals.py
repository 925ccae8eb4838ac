"""What the validators of a source file refuse, said in three languages.

Validators raise English sentences, «problem; remedy», as everywhere in the toolkit. Here each has its Spanish and
Portuguese, and the English sentence finds them, as in gettext; its places in braces take up what it named.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final

from latam_corpus.said import Said, same

if TYPE_CHECKING:
    from collections.abc import Callable

# What to write instead, where it is a word of those there are.
REMEDIES: Final = (
    Said("elija: {known}", "escolha: {known}", "choose one of: {known}"),
    Said("¿quiso escribir «{near}»?", "quis escrever «{near}»?", "did you mean «{near}»?"),
)
REFUSALS: Final = (
    Said(
        "«{code}» no es un código ISO 3166-1 de dos letras; escriba dos mayúsculas, como CL o BR",
        "«{code}» não é um código ISO 3166-1 de duas letras; escreva duas maiúsculas, como CL ou BR",
        "«{code}» is no ISO 3166-1 alpha-2 code; two capital letters, such as CL or BR",
    ),
    Said(
        "«{code}» no es un código ISO 639-3; escriba tres letras, como spa, por o quy",
        "«{code}» não é um código ISO 639-3; escreva três letras, como spa, por ou quy",
        "«{code}» is no ISO 639-3 code; three letters, such as spa, por, quy",
    ),
    Said(
        "«{code}» no es un código ISO 639-3; escriba «{known}»",
        "«{code}» não é um código ISO 639-3; escreva «{known}»",
        "«{code}» is no ISO 639-3 code; write «{known}»",
    ),
    Said(
        "«{code}» es una familia de lenguas; nombre sus lenguas, una por una",
        "«{code}» é uma família de línguas; indique as línguas dela, uma a uma",
        "«{code}» is a family of languages; name its languages, one by one",
    ),
    Said(
        "«{name}» no es un juego de caracteres; por ejemplo utf-8, cp1252 o utf-16",
        "«{name}» não é um conjunto de caracteres; por exemplo utf-8, cp1252 ou utf-16",
        "«{name}» is no charset; such as utf-8, cp1252, utf-16",
    ),
    Said(
        "«{pattern}» no es una expresión regular ({error}); corríjala o pida ayuda a quien programa",
        "«{pattern}» não é uma expressão regular ({error}); corrija-a ou peça ajuda a quem programa",
        "«{pattern}» is no regular expression ({error})",
    ),
    Said(
        "«{url}» no es la dirección de un sitio web; por ejemplo https://gaceta.example/",
        "«{url}» não é o endereço de um site; por exemplo https://gaceta.example/",
        "«{url}» is no address of a website; such as https://gaceta.example/",
    ),
    Said(
        "una dirección no puede llevar contraseña; quite lo que está antes de @",
        "um endereço não pode levar senha; retire o que está antes de @",
        "an address may not hold a password; leave the part before @ out",
    ),
    Said(
        "«{name}» no es el nombre de un servidor; por ejemplo gaceta.example o *.gaceta.example",
        "«{name}» não é o nome de um servidor; por exemplo gaceta.example ou *.gaceta.example",
        "«{name}» is no host; such as gaceta.example or *.gaceta.example",
    ),
    Said(
        "«{pattern}» no es una ruta; empieza por / o *, como en robots.txt",
        "«{pattern}» não é um caminho; começa por / ou *, como em robots.txt",
        "«{pattern}» is no path; it starts with / or *, as in robots.txt",
    ),
    Said(
        "el comienzo «{url}» no está en ninguno de los servidores; agregue {host} a hosts",
        "o começo «{url}» não está em nenhum dos servidores; acrescente {host} a hosts",
        "the start «{url}» is on none of the hosts; add {host} to hosts",
    ),
    Said(
        "la declaración da el nivel «{derived}», no «{tier}»; quite `tier`",
        "a declaração dá o nível «{derived}», não «{tier}»; retire `tier`",
        "the statement gives the tier «{derived}», not «{tier}»; leave `tier` out",
    ),
    Said(
        'entrenar y redistribuir necesitan un fundamento; escriba basis = "licence" (licencia), "public_domain" '
        '(dominio público), "contract" (convenio) o "consent" (consentimiento)',
        'treinar e redistribuir precisam de um fundamento; escreva basis = "licence" (licença), "public_domain" '
        '(domínio público), "contract" (convênio) ou "consent" (consentimento)',
        'training and redistribution rest on a basis; name it: basis = "licence", …',
    ),
    Said(
        'el nivel «permission» se apoya en un convenio; nómbrelo: agreement = "…"',
        'o nível «permission» se apoia em um acordo; nomeie-o: agreement = "…"',
        'the tier «permission» rests on an agreement; name it: agreement = "…"',
    ),
    Said(
        'falta de dónde viene la columna, o hay más de un origen; escriba uno: column = "…", path = "…" o value = "…"',
        'falta de onde vem a coluna, ou há mais de uma origem; escreva uma: column = "…", path = "…" ou value = "…"',
        'name one origin; column = "…", path = "regular expression" or value = "…"',
    ),
    Said(
        "[[collect.texts]] y collect.columns.text se excluyen; deje uno de los dos",
        "[[collect.texts]] e collect.columns.text se excluem; deixe um dos dois",
        "[[collect.texts]] and collect.columns.text exclude each other; keep one of them",
    ),
    Said(
        'kind = "{name}" y la tabla [collect.{table}] van juntas; escriba las dos o ninguna',
        'kind = "{name}" e a tabela [collect.{table}] vão juntas; escreva as duas ou nenhuma',
        'kind = "{name}" and the table [collect.{table}] go together; write both or neither',
    ),
    Said(
        "`gather` necesita `group`; nombre las columnas que van juntas",
        "`gather` precisa de `group`; nomeie as colunas que vão juntas",
        "`gather` needs `group`; name the columns that belong together",
    ),
    Said(
        "`optional` tiene «{column}», que ninguna otra clave nombra; {remedy}",
        "`optional` tem «{column}», que nenhuma outra chave nomeia; {remedy}",
        "`optional` has «{column}», which nothing else names; {remedy}",
    ),
    Said(
        "«{column}» no puede ser a la vez obligatoria y opcional; deje una de las dos",
        "«{column}» não pode ser ao mesmo tempo obrigatória e opcional; deixe uma das duas",
        "«{column}» is both required and optional; keep one of them",
    ),
    Said(
        "estos archivos se leen enteros y no tienen la columna «{column}»; {remedy}",
        "estes arquivos são lidos inteiros e não têm a coluna «{column}»; {remedy}",
        "these files are read whole and have no column «{column}»; {remedy}",
    ),
    Said(
        "estas son páginas y no tienen la columna «{column}»; {remedy}",
        "estas são páginas e não têm a coluna «{column}»; {remedy}",
        "these are pages and have no column «{column}»; {remedy}",
    ),
    Said(
        "«{url}» tiene una consulta; escriba la dirección base del repositorio, sin ?verb=…",
        "«{url}» tem uma consulta; escreva o endereço base do repositório, sem ?verb=…",
        "«{url}» has a query; write the repository's base URL, without ?verb=…",
    ),
    Said(
        "`since` es posterior a `until`; intercámbielos",
        "`since` é posterior a `until`; troque-os",
        "`since` is later than `until`; exchange them",
    ),
    Said(
        "no elige nada; nombre servidores (hosts), dominios (domains) o lenguas (languages)",
        "não escolhe nada; nomeie servidores (hosts), domínios (domains) ou línguas (languages)",
        "it chooses nothing; name hosts, domains or languages",
    ),
    Said(
        "«{url}» no es una carpeta; termina en /",
        "«{url}» não é uma pasta; termina em /",
        "«{url}» is no folder; it ends in /",
    ),
)


def refusal(english: str) -> tuple[Said, Said]:
    """The problem and the remedy of a validator's sentence; in English thrice where nobody has translated it.

    >>> problem, remedy = refusal("«xx» is no ISO 639-3 code; write «spa»")
    >>> problem.pt, remedy.es
    ('«xx» não é um código ISO 639-3', 'escriba «spa»')
    """
    told = (found_in(REFUSALS, english, _remedy) or same(english))._replace(en=english)
    halves = [sentence.partition("; ") for sentence in told]
    return Said(*(half[0] for half in halves)), Said(*(half[2] for half in halves))


def _remedy(english: str) -> Said:
    return found_in(REMEDIES, english) or same(english)


def found_in(table: tuple[Said, ...], english: str, within: Callable[[str], Said] = same) -> Said | None:
    """What an English sentence is in the three languages; None where the table hasn't got it.

    Args:
        table: of sentences, with places in braces.
        english: the sentence.
        within: what stands in a place, in the three languages.
    """
    for pattern, said in _by_pattern(table):
        found = pattern.fullmatch(english)
        if found:
            return said.plain(**{name: within(text) for name, text in found.groupdict().items()})
    return None


@cache
def _by_pattern(table: tuple[Said, ...]) -> list[tuple[re.Pattern[str], Said]]:
    """Each English sentence as a pattern whose groups are its places in braces."""
    found = []
    for said in table:
        parts = re.split(r"\{(\w+)\}", said.en)
        pattern = "".join(f"(?P<{part}>.*)" if place % 2 else re.escape(part) for place, part in enumerate(parts))
        found.append((re.compile(pattern, re.DOTALL), said))
    return found
