"""What is told of the columns of a source's records, in three languages: rows of the table in `complaints`."""

from __future__ import annotations

from typing import Final

from latam_corpus.said import Said

OF_COLUMNS: Final = (
    Said(
        "no hay ninguna columna «{column}», nombrada en {key}",
        "não há nenhuma coluna «{column}», nomeada em {key}",
        "there is no column «{column}», which {key} names",
    ),
    Said(
        "no hay ninguna columna «{column}», y la fuente no nombra otra para sus textos",
        "não há nenhuma coluna «{column}», e a fonte não nomeia outra para seus textos",
        "there is no column «{column}», and the source names no other for its texts",
    ),
    Said(
        "ningún registro leído tiene «{column}», nombrada en {key}",
        "nenhum registro lido tem «{column}», nomeada em {key}",
        "no record that was read has «{column}», which {key} names",
    ),
    Said(
        "ningún registro leído tiene «{column}», y la fuente no nombra otra columna para sus textos",
        "nenhum registro lido tem «{column}», e a fonte não nomeia outra coluna para seus textos",
        "no record that was read has «{column}», and the source names no other column for its texts",
    ),
    Said(
        "¿quiso escribir «{near}»? Las columnas que hay son: {there}",
        "você quis escrever «{near}»? As colunas que há são: {there}",
        "did you mean «{near}»? The columns there are: {there}",
    ),
    Said("las columnas que hay son: {there}", "as colunas que há são: {there}", "the columns there are: {there}"),
    Said("no hay columnas", "não há colunas", "there are no columns"),
    Said(
        'escriba text = "…" en [collect.columns], o nombre en collect.files los archivos que tienen textos',
        'escreva text = "…" em [collect.columns], ou indique em collect.files os arquivos que têm textos',
        'write text = "…" under [collect.columns], or name the files that have texts in collect.files',
    ),
    Said(
        'estos archivos se leen enteros; indique su ruta (path = "…") o un solo valor (value = "…")',
        'estes arquivos são lidos inteiros; indique o caminho deles (path = "…") ou um só valor (value = "…")',
        'these files are read whole; name their path (path = "…") or one value (value = "…")',
    ),
    Said(
        "si a algunos archivos les falta, escriba optional = [{column}]",
        "se ela falta em alguns arquivos, escreva optional = [{column}]",
        "where some files lack it, write optional = [{column}]",
    ),
    Said(
        "la columna «{column}» está dos veces",
        "a coluna «{column}» está duas vezes",
        "the column «{column}» stands twice",
    ),
    Said("dé otro nombre a una de las dos", "dê outro nome a uma das duas", "give one another name"),
    Said(
        "«{column}» está vacía en el registro {number}, y `required` la nombra",
        "«{column}» está vazia no registro {number}, e `required` a nomeia",
        "«{column}» is empty in record {number}, and `required` names it",
    ),
    Said(
        "complétela, o quítela de `required`",
        "preencha-a, ou retire-a de `required`",
        "fill it in, or take it out of `required`",
    ),
    Said(
        "«{column}» tiene un mismo valor en {one} y en {other}, y `unique` la nombra",
        "«{column}» tem um mesmo valor em {one} e em {other}, e `unique` a nomeia",
        "«{column}» has one value in {one} and in {other}, and `unique` names it",
    ),
    Said(
        "«{column}» tiene un mismo valor en {one} y en {other}, y `unique` la nombra (se repiten {n} valores más)",
        "«{column}» tem um mesmo valor em {one} e em {other}, e `unique` a nomeia (repetem-se mais {n} valores)",
        "«{column}» has one value in {one} and in {other}, and `unique` names it ({n} more values are repeated)",
    ),
    Said("el registro {number} de {file}", "o registro {number} de {file}", "record {number} of {file}"),
    Said(
        "corrija los registros, o quítela de `unique`",
        "corrija os registros, ou retire-a de `unique`",
        "mend the records, or take it out of `unique`",
    ),
    Said(
        "«{column}» está vacía en {n} de {all} registros ({share} %), y `max_null_share` permite {most} %",
        "«{column}» está vazia em {n} de {all} registros ({share} %), e `max_null_share` permite {most} %",
        "«{column}» is empty in {n} of {all} records ({share} %), and `max_null_share` allows {most} %",
    ),
    Said("complétela, o permita más", "preencha-a, ou permita mais", "fill it in, or allow more"),
    Said(
        "«{column}» no tiene texto en ninguno de {n} registros",
        "«{column}» não tem texto em nenhum de {n} registros",
        "«{column}» has no text in any of {n} records",
    ),
    Said(
        "nombre la columna que tiene los textos",
        "indique a coluna que tem os textos",
        "name the column that has the texts",
    ),
    Said(
        "ids con textos distintos: {n}, como {ids}",
        "ids com textos diferentes: {n}, como {ids}",
        "ids with different texts: {n}, such as {ids}",
    ),
    Said(
        "direcciones con textos distintos: {n}, como {ids}",
        "endereços com textos diferentes: {n}, como {ids}",
        "addresses with different texts: {n}, such as {ids}",
    ),
    Said("«{name}» en {files} ({n} veces)", "«{name}» em {files} ({n} vezes)", "«{name}» in {files} ({n} times)"),
    Said("{one} y {other}", "{one} e {other}", "{one} and {other}"),
    Said(
        'nombre una columna que los distinga (id = "…" en [collect.columns]), o únalos (group = ["…"])',
        'indique uma coluna que os distinga (id = "…" em [collect.columns]), ou junte-os (group = ["…"])',
        'name a column that tells them apart (id = "…" under [collect.columns]), or join them (group = ["…"])',
    ),
    Said(
        'nombre una columna que los distinga (id = "…" en [collect.columns], o id = false)',
        'indique uma coluna que os distinga (id = "…" em [collect.columns], ou id = false)',
        'name a column that tells them apart (id = "…" under [collect.columns], or id = false)',
    ),
    Said(
        'si son versiones de un documento, nombre la columna de su fecha (obtained = "…") o escriba versions = true',
        'se são versões de um documento, indique a coluna da data delas (obtained = "…") ou escreva versions = true',
        'if they are versions of one document, name the column of their time (obtained = "…") or write versions = true',
    ),
    Said(
        "ningún archivo es «{pattern}», nombrado en collect.files",
        "nenhum arquivo é «{pattern}», nomeado em collect.files",
        "no file is «{pattern}», which collect.files names",
    ),
)
