"""What the owners of websites say about training: the signals in use, and what one page says of itself.

`signal` names the signals and what each withholds; `page` reads the headers and the head of one page. The files of a
site, such as robots.txt, are read by `harvest.optout`.
"""
