"""What the owners of websites say about training: the signals in use, and what one page says of itself.

`opt_out` names the signals and what each withholds; `page_opt_outs` reads the headers and the head of one
page. The files of a site, such as robots.txt, are read by `harvest.optout`.
"""
